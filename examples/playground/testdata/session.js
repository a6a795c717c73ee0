// A session in the page, in two parts: what comes before a reload, and the rest.
const stage = sessionStorage.getItem("stage");
const violations = [];
document.addEventListener("securitypolicyviolation", e => violations.push(`${e.violatedDirective} ${e.blockedURI}`));
const text = id => at(id).textContent;
const problemsOf = field => [...at(field + "-problems").children].map(p => p.textContent.trim());
const settled = () => until("checked", () => checked === fragment());

if (!stage) {
  await settled();
  const report = {first: {call: text("verdict"), code: text("policy-code")}};

  // A policy with mistakes. Each fix is one click.
  type("AllowedOrigins", "example.com\n" + scenes.page);
  type("AllowedMethods", "put\nPATCH");
  type("MaxAge", "600");
  await until("three problems", () => text("policy-state") === "3 problems");
  report.problems = [...problemsOf("AllowedOrigins"), ...problemsOf("AllowedMethods"), ...problemsOf("MaxAge")];
  report.described = at("AllowedMethods").getAttribute("aria-describedby") + " " + at("AllowedMethods").getAttribute("aria-invalid");
  await press(at("run"));
  report.unsent = text("verdict");
  for (let left = 3; left; left--) {
    document.querySelector(".fix").click();
    await until(`${left - 1} problems`, () => text("policy-state") === ["Valid", "1 problem", "2 problems"][left - 1]);
  }
  report.focus = document.activeElement.id;
  report.fixed = [at("AllowedOrigins").value, at("AllowedMethods").value, at("MaxAge").value];
  report.code = text("policy-code");

  // A call that is blocked, and what to change.
  type("AllowedHeaders", "");
  type("method", "PUT");
  type("headers", "X-Tenant: 7");
  await until("announced", () => text("announces").includes("x-tenant"));
  report.announces = text("announces");
  await press(at("run"));
  report.blocked = text("verdict");
  report.wire = [...document.querySelectorAll(".wire .label, .wire .aside")].map(e => e.textContent);
  report.blame = document.querySelector(".blame").textContent;
  report.log = document.querySelector(".log").textContent;
  report.engines = [...document.querySelectorAll("tbody tr")].map(e => [...e.cells].map(c => c.textContent).join("|"));
  document.querySelector("#advice button").click();
  await settled();
  report.focusAfterAdvice = document.activeElement.id;
  await press(at("run"));
  report.allowed = text("verdict");
  report.meanings = [...document.querySelectorAll("details.header summary")].map(e => e.textContent.split(":")[0]);
  await press(at("run"));
  report.again = [...document.querySelectorAll(".wire .label, .wire .aside")].map(e => e.textContent);
  await press(at("forget"));
  await press(at("run"));
  report.forgotten = document.querySelectorAll(".wire .label").length;

  // From each page.
  report.pages = {};
  for (const page of ["this", "port", "ip", "null"]) {
    type("page", page);
    await press(at("run"));
    const first = [...document.querySelectorAll("details.header summary")].map(e => e.textContent).find(s => s.startsWith("Origin"));
    report.pages[page] = first.replace("Origin: ", "");
  }

  type("page", "port");
  await press(at("run"));
  document.querySelector("[data-copy=link]").click();
  await until("the URL holds the state", () => location.hash === fragment()); // engines bound how often it may change
  report.link = location.hash;
  report.violations = violations;
  sessionStorage.setItem("stage", "reloaded");
  sessionStorage.setItem("report", JSON.stringify(report));
  location.reload();
  return new Promise(() => {}); // the page ends here
}

const report = JSON.parse(sessionStorage.getItem("report"));
await send(null);
await settled();
report.reloaded = {link: location.hash, method: at("method").value, page: at("page").value, headers: at("headers").value, origins: at("AllowedOrigins").value, verdict: text("verdict"), frames: document.querySelectorAll("iframe").length};
await press(at("run"));
report.afterReload = text("verdict");

// The tour.
await press(at("run-all"));
report.summary = text("summary");
report.rows = [...document.querySelectorAll(".example")].map(b => ({title: b.children[1].textContent, blocked: b.dataset.blocked === "true", preflights: Number(b.dataset.preflights), got: b.dataset.got}));
const cookies = [...document.querySelectorAll(".example")].find(b => b.textContent.includes("Cookies"));
await press(cookies);
report.lesson = [text("verdict"), text("lesson-text"), at("before").textContent, cookies.getAttribute("aria-current")];

// A difference is shown as a bug, unless it is a listed departure or a forgotten answer.
const likeThis = {engine, allowed: true, preflights: 1, readable: ["etag"], step: "", departure: ""};
const noted = (observed, own) => notes({call: {path: "/notes"}, observed, verdicts: [own]}, own).map(e => e.className + ": " + e.textContent.slice(0, 20)).join();
const etag = [["etag", "1"], ["date", "today"]];
report.differences = [
  noted({blocked: false, preflights: 1, headers: etag}, likeThis),
  noted({blocked: true, preflights: 1}, likeThis),
  noted({blocked: false, preflights: 0, headers: etag}, likeThis),
  noted({blocked: false, preflights: 1, headers: []}, likeThis),
  noted({blocked: false, preflights: 2, headers: etag}, likeThis),
  noted({blocked: true, preflights: 1}, {...likeThis, departure: "Listed."}),
];

// Calls by chance: what the browser does, and what corstest says that it does.
report.walk = [];
for (const [i, s] of scenes.list.entries()) {
  if (i % 10 === 0) await send(null);
  const [r] = await play(s.policy, [s.call], s.fresh);
  const own = r.verdicts.find(v => v.engine === engine);
  const d = difference(r.observed, own);
  if (d) report.walk.push({scene: s, difference: d, departure: own.departure, observed: r.observed, own, wire: r.exchanges.map(x => `${x.method} ${x.path} ${x.status}`), i});
}
report.walked = scenes.list.length;

// Script in every field, typed and from a link.
window.hacked = 0;
const scripts = document.scripts.length;
const attack = `"><img src=x onerror="hacked++"></textarea></code></script><script>hacked++</script>javascript:hacked++`;
for (const e of document.querySelectorAll("#policy-form [name], #call-form [name]")) {
  if (e.type === "checkbox") type(e.id, true); else type(e.id, attack);
}
await until("problems", () => text("policy-state").includes("problem"));
await press(at("run"));
location.hash = new URLSearchParams({...Object.fromEntries([...document.querySelectorAll("[name]")].map(e => [e.name, attack])), before: JSON.stringify([{method: attack, path: attack}, attack])});
await until("the link is read", () => at("before").textContent.includes("hacked"));
await press(at("run"));
location.hash = new URLSearchParams({AllowedOrigins: "*", AllowedHeaders: "*", ExposedHeaders: "*", path: "/notes", method: "POST", headers: "X-A: " + attack, body: attack});
await until("the second link is read", () => at("body").value === attack && text("policy-state") === "Valid");
await press(at("run"));
report.attack = {hacked: window.hacked, scripts: document.scripts.length - scripts, images: document.images.length, inWire: text("details").includes(attack), verdict: text("verdict")};
report.violations = report.violations.concat(violations);
return report;
