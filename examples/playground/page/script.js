"use strict";
const $ = id => document.getElementById(id);
const data = JSON.parse($("data").textContent);
const policyForm = $("policy-form"), callForm = $("call-form");
// A token that no other visitor knows: the server keeps a policy for it.
const token = Array.from(crypto.getRandomValues(new Uint8Array(16)), b => b.toString(16).padStart(2, "0")).join("");
const engine = [["Firefox", /Firefox\//], ["Chromium", /Chrom(e|ium)\//], ["WebKit", /AppleWebKit\//]].find(([, r]) => r.test(navigator.userAgent))?.[0] ?? "";

// element makes an element. Text is only ever added as text.
function element(name, className, ...content) {
  const e = document.createElement(name);
  if (className) e.className = className;
  e.append(...content);
  return e;
}

const button = (text, onclick) => Object.assign(element("button", "", text), {type: "button", onclick});

// ---- The state: what the forms hold, and the fragment of the URL.

let before = []; // calls that come before the one in the form
const callFields = ["page", "method", "path", "headers", "body", "cookies"];

const describe = call => `${call.method || "GET"} ${call.path}`;

const valueOf = e => e.type === "checkbox" ? (e.checked ? (e.value === "include" ? "include" : "true") : "") : e.value;

function fill(e, value) {
  if (e.type === "checkbox") {
    e.checked = value !== "";
  } else if (e.tagName === "SELECT") {
    e.value = value;
    if (e.selectedIndex < 0) e.selectedIndex = 0;
  } else {
    e.value = value.slice(0, e.maxLength);
    if (e.tagName === "TEXTAREA") grow(e);
  }
}

// grow shows all lines of a text.
function grow(e) {
  e.rows = Math.min(10, Math.max(e.name === "body" ? 1 : 2, e.value.split("\n").length));
}

function readState() {
  const policy = {}, call = {};
  for (const e of policyForm.elements) if (e.name && valueOf(e)) policy[e.name] = valueOf(e);
  for (const name of callFields) call[name] = valueOf(callForm.elements[name]);
  return {policy, call};
}

function writeState(policy, call) {
  for (const e of policyForm.elements) if (e.name) fill(e, policy[e.name] ?? "");
  for (const name of callFields) fill(callForm.elements[name], call[name] ?? (name === "method" ? "GET" : ""));
  $("before").replaceChildren();
  if (before.length) {
    $("before").append("Before it: " + before.map(describe).join(", ") + " ", button("Leave out", () => {
      before = [];
      $("before").replaceChildren();
      changed();
      $("run").focus();
    }));
  }
}

function saveState() {
  const {policy, call} = readState();
  const params = new URLSearchParams({...policy, ...call});
  for (const [name, value] of [...params]) if (!value) params.delete(name);
  if (before.length) params.set("before", JSON.stringify(before));
  try {
    history.replaceState(null, "", "#" + params);
  } catch { /* WebKit allows a hundred in half a minute; the next change is soon */ }
}

function loadState(hash) {
  const params = new URLSearchParams(hash.length < 20_000 ? hash.slice(1) : "");
  before = [];
  if (!params.has("path")) {
    writeState(data.start, {path: "/notes"});
    return;
  }
  try {
    const list = JSON.parse(params.get("before") ?? "[]");
    before = list.slice(0, 5).map(c => Object.fromEntries(callFields.map(name => [name, String(c[name] ?? "").slice(0, 2000)])));
  } catch { /* not a list of calls: there are none */ }
  const given = Object.fromEntries(params);
  writeState(given, given);
}

// ---- The server checks each change.

async function post(path, body) {
  const res = await fetch(path, {method: "POST", headers: {"Content-Type": "application/json"}, body: JSON.stringify(body)});
  if (!res.ok) throw new Error(`the server of this page answers ${res.status}: ${(await res.text()).slice(0, 200)}`);
  return res.headers.get("Content-Type") === "application/json" ? res.json() : null;
}

const check = state => post("/check/" + token, state);

let timer = 0, checks = 0, running = false;

function changed() {
  clearLesson();
  clearTimeout(timer);
  timer = setTimeout(() => {
    saveState();
    refresh().catch(lost);
  }, 150);
}

// refresh checks the state and shows what the server says of it.
async function refresh() {
  if (running) return;
  const n = ++checks;
  const c = await check(readState());
  if (n === checks) showChecked(c);
}

function showChecked(c) {
  showProblems(policyForm, c.policyProblems);
  showProblems(callForm, c.callProblems);
  const count = c.policyProblems.length;
  $("policy-state").textContent = count ? (count === 1 ? "1 problem" : `${count} problems`) : "Valid";
  $("policy-state").classList.toggle("bad", count > 0);
  if (c.policyCode) $("policy-code").textContent = c.policyCode;
  if (c.callCode) $("call-code").textContent = c.callCode;
  $("policy-code").classList.toggle("stale", !c.policyCode);
  $("call-code").classList.toggle("stale", !c.callCode);
  const a = c.announces;
  $("announces").textContent = c.callProblems.length ? "No browser sends this call."
    : a ? `The browser asks first: a preflight for ${[a.method, ...a.headers].join(", ")}.` : "The browser sends it at once: a form could do the same.";
}

function showProblems(form, problems) {
  for (const e of form.elements) {
    if (!e.name || e.type === "button") continue;
    const mine = problems.filter(p => p.field === e.name);
    if (mine.length) {
      e.setAttribute("aria-invalid", "true");
    } else {
      e.removeAttribute("aria-invalid");
    }
    $(e.name + "-problems").replaceChildren(...mine.map(p => {
      const line = element("p", "", ...(p.value ? [element("code", "", p.value), ": "] : []), p.detail + ". ");
      if (p.fix) {
        const b = button("", () => takeFix(e, p));
        b.className = "fix";
        b.append("Use ", element("code", "", p.fix));
        line.append(b);
      }
      return line;
    }));
  }
}

// takeFix puts a fix in the place of the value that it is for.
function takeFix(e, {value, fix}) {
  if (e.tagName === "TEXTAREA") {
    e.value = e.value.split("\n").map(line => line.trim() === value ? fix : line).join("\n");
    grow(e);
  } else {
    fill(e, fix);
  }
  e.focus();
  changed();
}

// ---- A frame of the calling page's origin makes the call.

const frames = {};
const answers = new Map();
let calls = 0;

// frameOf returns a promise of the frame for a page.
function frameOf(page) {
  return frames[page] ??= new Promise((resolve, reject) => {
    const origin = {this: data.origins.page, port: data.origins.other, ip: data.origins.ip, null: "null"}[page];
    const frame = element("iframe");
    frame.title = "The page that makes the call";
    frame.hidden = true;
    if (page === "null") frame.setAttribute("sandbox", "allow-scripts");
    frame.src = (page === "null" ? data.origins.page : origin) + "/frame";
    addEventListener("message", e => {
      if (e.source !== frame.contentWindow || e.origin !== origin) return;
      if (e.data.ready) {
        resolve(frame);
      } else {
        answers.get(e.data.id)?.(e.data);
      }
    });
    $("frames").append(frame);
    setTimeout(() => {
      delete frames[page];
      reject(new Error("the frame that makes the call does not load"));
    }, 20_000);
  });
}

async function callFrom(page, url, init) {
  const frame = await frameOf(page);
  const id = ++calls;
  try {
    return await new Promise((resolve, reject) => {
      answers.set(id, resolve);
      setTimeout(() => reject(new Error("the call has no end")), 20_000);
      // The origin of a sandboxed frame has no name.
      frame.contentWindow.postMessage({id, url, init}, page === "null" ? "*" : new URL(frame.src).origin);
    });
  } finally {
    answers.delete(id);
  }
}

// play makes calls under a policy, and returns what came of each; null if the server
// refuses the policy or a call.
async function play(policy, list, fresh) {
  const results = [];
  for (const [i, call] of list.entries()) {
    const checked = await check({policy, call, fresh: fresh && i === 0});
    if (!checked.url) {
      showChecked(checked);
      return null;
    }
    const observed = await callFrom(call.page || "this", checked.url, checked.request.init);
    const outcome = await post("/outcome/" + token, {policy, call});
    observed.preflights = outcome.exchanges.filter(x => x.preflight).length;
    results.push({call, announces: checked.announces, observed, ...outcome});
  }
  return results;
}

// exclusively runs f unless something runs already.
async function exclusively(f) {
  if (running) return;
  running = true;
  ++checks; // what is under way is out of date
  for (const id of ["run", "run-all"]) $(id).setAttribute("aria-disabled", "true");
  $("outcome").setAttribute("aria-busy", "true");
  try {
    await f();
  } catch (e) {
    lost(e);
  } finally {
    running = false;
    for (const id of ["run", "run-all"]) $(id).removeAttribute("aria-disabled");
    $("outcome").removeAttribute("aria-busy");
  }
  refresh().catch(lost);
}

function lost(e) {
  toast(e instanceof TypeError ? "The server of this page does not answer. Start the playground again." : e.message);
}

// run makes the call that the form holds, after those before it.
async function run(fresh, lesson) {
  const {policy, call} = readState();
  saveState();
  const results = await play(policy, [...before, call], fresh);
  if (results) {
    showOutcome(results, lesson);
  } else {
    showVerdict(false, "Not sent", "Correct the marked fields first.");
    document.querySelector("[aria-invalid]")?.focus();
  }
}

// ---- What happened.

const plural = n => n === 1 ? "1 preflight" : `${n} preflights`;

function showVerdict(good, title, text) {
  $("verdict").className = good ? "good" : "stop";
  $("verdict").replaceChildren(element("p", "big", title), element("p", "", text));
}

function showOutcome(results, lesson) {
  const last = results.at(-1);
  const {observed} = last;
  const own = last.verdicts.find(v => v.engine === engine);
  const name = engine || "This browser";
  const agrees = own && own.allowed === !observed.blocked;
  const reason = agrees ? `${own.header} ${own.detail}`.trim() + "." : "";
  if (observed.blocked) {
    showVerdict(false, `✕ ${name} blocks the call`, `${reason} ${plural(observed.preflights)}.`.trim());
  } else {
    showVerdict(true, `✓ ${name} lets the page read it`, `Status ${observed.status}${observed.body ? `, “${observed.body}”` : ""}. ${plural(observed.preflights)}.`);
  }
  const parts = [];
  if (lesson) parts.push(element("p", "lesson", lesson));
  parts.push(...notes(last, own));
  if (agrees && own.advice) parts.push(adviceBox(own.advice));
  parts.push(engineList(last, own));
  for (const r of results.slice(0, -1)) {
    const earlier = element("details", "earlier", element("summary", "", `Before it: ${describe(r.call)} ${r.observed.blocked ? "✕ blocked" : "✓ let through"}, ${plural(r.observed.preflights)}`));
    earlier.append(conversation(r, r.verdicts.find(v => v.engine === engine)));
    parts.push(earlier);
  }
  parts.push(conversation(last, own));
  $("details").replaceChildren(...parts);
  const {top} = $("outcome").getBoundingClientRect();
  if (top < 0 || top > innerHeight / 2) $("outcome").scrollIntoView();
}

// difference says how an observation differs from corstest's verdict for this very
// engine, "" if it does not. A browser may forget a preflight's answer at any time.
function difference(observed, own) {
  if (observed.blocked === own.allowed) return observed.blocked ? "this browser blocks the call" : "this browser lets the call through";
  if (observed.preflights < own.preflights) return `${plural(observed.preflights)} instead of ${own.preflights}`;
  const seen = observed.blocked ? "" : String(observed.headers.map(([name]) => name).filter(name => name !== "date").sort());
  if (seen !== String(own.readable)) return `the page may read ${seen || "no header"}, not ${own.readable}`;
  return "";
}

function notes({call, observed, verdicts}, own) {
  const list = [];
  const note = (kind, text) => list.push(element("p", "note " + kind, text));
  if (own) {
    const d = difference(observed, own);
    if (d && own.departure) {
      note("", `corstest differs here (${d}), as its documentation says. ${own.departure}`);
    } else if (d) {
      note("bug", `This is a bug to report: corstest expects something else of ${own.engine}: ${d}. Send the link of this page, and this: ${navigator.userAgent}`);
    } else if (observed.preflights > own.preflights) {
      note("", "The browser sent a preflight again, though it could have kept the answer. Browsers may forget at any time.");
    }
  }
  const kinds = new Set(verdicts.map(v => `${v.allowed} ${v.step} ${v.preflights}`));
  if (kinds.size > 1) note("", "The engines differ in this call. The list says how.");
  if (call.path === "/me" && call.cookies && (call.page === "ip" || call.page === "null")) {
    note("", "The cookie is SameSite=Lax. From a page of another site the browser does not send it, whatever the policy says.");
  }
  return list;
}

function adviceBox({text, policy, call}) {
  const box = element("div", "advice", element("h3", "", "What to change"), element("p", "", text));
  if (policy || call) {
    box.append(button(policy ? "Change the policy" : "Change the call", () => {
      const now = readState();
      writeState(policy ?? now.policy, call ?? now.call);
      changed();
      $("run").focus();
      toast("Changed. Run the call again.");
    }));
  }
  return box;
}

function engineList({observed, verdicts}, own) {
  const row = (name, allowed, preflights, more) => element("tr", allowed ? "good" : "stop", element("th", "", name),
    element("td", "word", allowed ? "✓ allowed" : "✕ blocked"), element("td", "", plural(preflights)), element("td", "step", more));
  const table = element("table", "engines", element("caption", "", "This browser, and each engine as corstest simulates it"));
  const body = element("tbody", "", row("This browser", !observed.blocked, observed.preflights, "seen"));
  for (const v of verdicts) body.append(row(v.engine, v.allowed, v.preflights, v.step ? v.step : ""));
  for (const th of body.querySelectorAll("th")) th.scope = "row";
  table.append(body);
  return table;
}

// conversation draws what was said between page, browser and server, from top to
// bottom.
function conversation({call, announces, observed, exchanges}, own) {
  const list = element("ol", "wire");
  const head = element("div", "actors", ...["Page", "Browser", "Server"].map(name => element("span", "", name)));
  head.setAttribute("aria-hidden", "true");
  const step = (from, to, title, kind, ...content) => list.append(element("li", `step ${from}-${to} ${kind}`,
    element("p", "arrow", element("span", "hidden", `${from} to ${to}: `), element("span", "label", title)), ...content));
  const note = text => list.append(element("li", "aside", text));
  const blame = observed.blocked && own && !own.allowed ? own : null;

  step("page", "browser", `fetch ${describe(call)}`, "");
  if (exchanges.length && !exchanges[0].preflight) {
    note(announces ? "No preflight: the browser has kept the answer to an earlier one." : "No preflight: a form could send this.");
  }
  exchanges.forEach((x, i) => {
    const where = x.host === new URL(data.origins.api).host ? x.path : `http://${x.host}${x.path}`;
    step("browser", "server", `${x.method} ${where}`, "", headers(x.preflight ? "Preflight" : "Request", x.request, null));
    const stops = blame && i === exchanges.length - 1;
    const answer = headers(x.preflight ? "Answer to the preflight" : "Response", x.response, stops ? blame : null);
    if (x.log) answer.append(element("pre", "log", x.log.trim()));
    if (stops) answer.append(element("p", "blame", `Stopped here: ${`${blame.header} ${blame.detail}`.trim()}.`));
    step("server", "browser", x.status ? String(x.status) : "no response", stops ? "stop" : "", answer);
  });
  if (observed.blocked && exchanges.at(-1)?.preflight) note(`${exchanges.at(-1).request.find(([name]) => name === "Access-Control-Request-Method")?.[1] ?? ""} ${call.path} is never sent.`);
  if (observed.blocked) {
    step("browser", "page", "✕ " + observed.error, "stop", element("div", "card", element("p", "", "A script learns no more than this. The reason is above.")));
  } else {
    const readable = observed.headers.map(([name]) => name);
    const hidden = (exchanges.at(-1)?.response ?? []).map(([name]) => name.toLowerCase()).filter(name => !readable.includes(name));
    const card = element("div", "card", element("p", "", `The page may read: the body, ${readable.join(", ") || "no header"}.`));
    if (hidden.length) card.append(element("p", "", `Hidden from it: ${[...new Set(hidden)].join(", ")}.`));
    step("browser", "page", `✓ ${observed.status}`, "good", card);
  }
  return element("div", "conversation", head, list);
}

// headers shows a list of headers, each with what it means.
function headers(title, fields, blame) {
  const card = element("div", "card", element("h3", "", title));
  const show = (name, value, bad) => {
    const line = [element("b", "", name + ":"), " ", element("span", "", value)];
    const meaning = data.meanings[name.toLowerCase()];
    card.append(meaning ? element("details", bad ? "header bad" : "header", element("summary", "", ...line), element("p", "", meaning))
      : element("p", bad ? "header bad" : "header", ...line));
  };
  for (const [name, value] of fields) show(name, value, blame?.header === name);
  if (blame?.header && !fields.some(([name]) => name === blame.header)) show(blame.header, "absent", true);
  if (card.childElementCount === 1) card.append(element("p", "header", "no header that matters here"));
  return card;
}

// ---- The tour.

const examples = [...document.querySelectorAll(".example")];
const rowOf = b => data.chapters[b.dataset.chapter].rows[b.dataset.row];

function clearLesson() {
  for (const b of examples) b.removeAttribute("aria-current");
}

async function runExample(b) {
  const row = rowOf(b);
  clearLesson();
  b.setAttribute("aria-current", "true");
  before = row.calls.slice(0, -1);
  writeState(row.policy ?? data.start, row.calls.at(-1));
  await run(true, row.why);
}

// visit makes the calls of a row, and says whether they went as expected.
async function visit(row) {
  const results = await play(row.policy ?? data.start, row.calls, true);
  const {observed} = results.at(-1);
  const got = observed.blocked ? "" : row.header ? observed.headers.find(([name]) => name === row.header.toLowerCase())?.[1] ?? "null" : observed.body;
  const preflights = results.reduce((sum, r) => sum + r.observed.preflights, 0);
  const expected = observed.blocked === !!row.blocked && preflights === (row.preflights ?? 0) && (!row.got || got === row.got);
  return {blocked: observed.blocked, got, preflights, expected};
}

async function runAll() {
  let good = 0;
  for (const [i, b] of examples.entries()) {
    $("summary").textContent = `running ${i + 1} of ${examples.length}…`;
    const row = rowOf(b);
    let v = await visit(row);
    if (v.preflights > (row.preflights ?? 0)) v = await visit(row); // the browser has forgotten an answer
    good += v.expected;
    b.dataset.result = v.expected ? (v.blocked ? "blocked" : "through") : "unexpected";
    b.querySelector(".state").textContent = `: ${v.blocked ? "blocked" : "let through"}, ${v.expected ? "as expected" : "not as expected"}`;
    Object.assign(b.dataset, {got: v.got, preflights: v.preflights, blocked: v.blocked});
  }
  $("summary").textContent = `done: ${good} of ${examples.length} as expected`;
  await post("/done", $("summary").textContent);
}

// ---- Buttons and the beginning.

let toastTimer = 0;
function toast(text) {
  $("toast").textContent = text;
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => $("toast").textContent = "", 6000);
}

async function copy(what) {
  const text = what === "link" ? location.href : $(what).textContent;
  try {
    await navigator.clipboard.writeText(text);
    toast("Copied.");
  } catch {
    if (what !== "link") getSelection().selectAllChildren($(what));
    toast(what === "link" ? "Copy the link from the address bar." : "Selected. Copy it with Ctrl+C.");
  }
}

for (const form of [policyForm, callForm]) {
  form.addEventListener("input", e => {
    if (e.target.tagName === "TEXTAREA") grow(e.target);
    changed();
  });
  form.addEventListener("submit", e => {
    e.preventDefault();
    $("run").click();
  });
}
$("run").onclick = () => exclusively(() => {
  const b = document.querySelector(".example[aria-current]");
  return run(false, b ? rowOf(b).why : "");
});
$("forget").onclick = () => exclusively(async () => {
  await check({...readState(), fresh: true});
  toast("The next call gets a new URL, so the browser knows no answer for it.");
});
$("run-all").onclick = () => exclusively(runAll);
for (const b of examples) b.onclick = () => exclusively(() => runExample(b));
for (const b of document.querySelectorAll("[data-copy]")) {
  b.onclick = () => {
    saveState();
    return copy(b.dataset.copy);
  };
}
addEventListener("hashchange", e => {
  loadState(new URL(e.newURL).hash);
  changed();
});
if (matchMedia("(max-width: 70rem)").matches) $("tour-fold").open = false;
loadState(location.hash);
refresh().catch(lost);
