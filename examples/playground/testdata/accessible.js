const violations = {};
let rules = 0;

// inspect judges the page as it is now, in both themes.
async function inspect(state) {
  const themes = [...document.styleSheets[0].cssRules].filter(r => r.media?.mediaText.includes("prefers-color-scheme"));
  for (const [theme, media] of [["light", "not all"], ["dark", "all"]]) {
    for (const r of themes) r.media.mediaText = media;
    const result = await window.axe.run(document, {resultTypes: ["violations", "incomplete"]});
    rules = Math.max(rules, result.passes.length);
    violations[`${state}, ${theme}`] = result.violations.flatMap(v => v.nodes.map(n => `${v.id}: ${n.target}: ${n.failureSummary}`));
  }
}

await until("checked", () => at("policy-state").textContent);
at("tour-fold").open = true;
await inspect("as it opens");

type("AllowedOrigins", "example.com\n*");
type("AllowedMethods", "patch");
type("headers", "X-A");
await until("problems", () => document.querySelectorAll(".problems p").length === 4);
await press(at("run"));
await inspect("with problems");

const example = title => [...document.querySelectorAll(".example")].find(b => b.textContent.includes(title));
await press(example("A header that is not"));
for (const e of document.querySelectorAll("details")) e.open = true;
await inspect("blocked");

await press(example("Replace, change, delete"));
for (const e of document.querySelectorAll("details")) e.open = true;
await inspect("let through");

await press(at("run-all"));
await inspect("after the tour");
return {violations, rules};
