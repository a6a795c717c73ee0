"use strict";
const $ = id => document.getElementById(id);
const data = JSON.parse($("data").textContent);
const policyForm = $("policy-form"), callForm = $("call-form");
// A token that no other visitor knows: the server keeps a policy for it.
const token = Array.from(crypto.getRandomValues(new Uint8Array(16)), b => b.toString(16).padStart(2, "0")).join("");
const engines = [["Firefox", /Firefox\//], ["Chromium", /Chrom(e|ium)\//], ["WebKit", /AppleWebKit\//]];
const engine = engines.find(([, r]) => r.test(navigator.userAgent))?.[0] ?? "";
const desk = matchMedia("(min-width: 72rem) and (min-height: 34rem)"); // as in the style

// element makes an element. Text is only ever added as text.
function element(name, className, ...content) {
  const e = document.createElement(name);
  if (className) e.className = className;
  e.append(...content);
  return e;
}

const button = (text, onclick) => Object.assign(element("button", "", text), {type: "button", onclick});

// cut shortens a text for display, and says so.
const cut = (text, most = 120) => text.length > most ? `${text.slice(0, most)}… (${text.length} characters)` : text;

// Each field gets its name, its problems, and what describes it.
for (const e of document.querySelectorAll("form :is(input, textarea, select)")) {
  e.name = e.id;
  const hint = e.parentElement.querySelector(".hint"), problems = element("div", "problems");
  if (hint) hint.id = e.id + "-hint";
  problems.id = e.id + "-problems";
  (e.closest(".pair") ?? e.parentElement).append(problems);
  e.setAttribute("aria-describedby", (hint ? hint.id + " " : "") + problems.id);
}

// The tour's examples are buttons.
const examples = [];
for (const {title, rows} of data.chapters) {
  const list = element("ul");
  for (const row of rows) {
    const mark = element("span", "mark");
    mark.setAttribute("aria-hidden", "true");
    const b = button("", () => open(examples.indexOf(b)));
    b.className = "example";
    b.append(mark, element("span", "", row.title), element("span", "hidden"));
    examples.push(b);
    list.append(element("li", "", b));
  }
  $("chapters").append(element("li", "", element("h3", "", title), list));
}

// ---- The state: what the forms hold, and the fragment of the URL.

let before = []; // calls that come before the one in the form
let example = -1; // the example of the tour that was opened last, -1 for none
const policyFields = [...policyForm.elements].map(e => e.name).filter(Boolean);
const callFields = ["page", "method", "path", "headers", "body", "cookies"];

const describe = call => `${cut(call.method || "GET", 40)} ${cut(call.path ?? "", 40)}`;

const valueOf = e => e.type === "checkbox" ? (e.checked ? (e.value === "include" ? "include" : "true") : "") : e.value;

function fill(e, value) {
  if (e.type === "checkbox") {
    e.checked = value !== "";
  } else if (e.tagName === "SELECT") {
    e.value = value;
    if (e.selectedIndex < 0) e.selectedIndex = 0;
  } else {
    e.value = value;
    if (e.tagName === "TEXTAREA") grow(e);
  }
}

// grow shows all lines of a text, up to ten, and leaves room for a scroll bar below them.
function grow(e) {
  e.rows = Math.min(10, e.value.split("\n").length);
  if (e.scrollWidth > e.clientWidth) e.rows++;
}

// tidy returns a call of which only the fields are left that are not empty.
const tidy = call => Object.fromEntries(
  callFields.map(name => [name, String(call?.[name] ?? "")]).filter(([, value]) => value));

function readState() {
  const policy = {}, call = {};
  for (const name of policyFields) {
    const value = valueOf(policyForm.elements[name]);
    if (value) policy[name] = value;
  }
  for (const name of callFields) call[name] = valueOf(callForm.elements[name]);
  return {policy, call, before};
}

function writeState(state) {
  for (const name of policyFields) fill(policyForm.elements[name], state.policy[name] ?? "");
  for (const name of callFields) fill(callForm.elements[name], state.call[name] ?? (name === "method" ? "GET" : ""));
  before = state.before;
  $("before").replaceChildren();
  if (before.length) {
    $("before").append("Before it: " + before.map(describe).join(", ") + " ", button("Leave out", () => {
      change(() => writeState({...readState(), before: []}));
      $("run").focus();
    }));
  }
  unfold();
}

// unfold shows the fields that are folded away if one of them has a value or a problem.
// What it has unfolded, it folds.
let unfolded = false;
function unfold() {
  const needed = [...$("more").querySelectorAll("[name]")].some(e => valueOf(e) || e.hasAttribute("aria-invalid"));
  if (needed) {
    unfolded ||= !$("more").open;
    $("more").open = true;
  } else if (unfolded && !$("more").contains(document.activeElement)) {
    $("more").open = unfolded = false;
  }
}

function fragmentOf({policy, call, before}) {
  const all = {...policy, page: "this", method: "GET", ...call};
  const params = new URLSearchParams();
  for (const name of [...policyFields, ...callFields]) if (all[name] || name === "method") params.set(name, all[name]);
  if (before.length) params.set("before", JSON.stringify(before));
  return "#" + params;
}

const fragment = () => fragmentOf(readState());

// recall and keep read and write what outlives the page. Storage may be off, full, or
// hold something else.
function recall(storage, key) {
  try {
    return {...JSON.parse(window[storage].getItem(key))};
  } catch {
    return {};
  }
}

function keep(storage, key, value) {
  try {
    window[storage].setItem(key, JSON.stringify(value));
  } catch { /* then it ends with the page */ }
}

// save puts the state into the URL. Each engine bounds how often that may be done, and
// some refuse without a word. So what is typed waits if it comes fast, as a draft, and
// leaves room for steps.
let retry = 0, stepDue = false, free = 0;
const drafts = recall("sessionStorage", "drafts"); // fragments that wait, by the step's key
const place = () => `${history.state?.id} ${location.hash}`; // the key of this step
function save(step = false) {
  stepDue ||= step;
  clearTimeout(retry);
  const hash = fragment(), old = place(), now = Date.now();
  if (!stepDue && location.hash === hash && history.state?.example === example) return;
  if (stepDue || free < now + 5000) {
    free = Math.max(free, now) + 100;
    try {
      const id = !stepDue && history.state?.id || now;
      history[stepDue ? "pushState" : "replaceState"]({example, id}, "", hash);
    } catch { /* the same as without a word */ }
  }
  const late = location.hash !== hash;
  if (late) retry = setTimeout(save, 1000);
  if (!stepDue && (late || drafts[old])) {
    drafts[old] = late ? hash : undefined;
    keep("sessionStorage", "drafts", drafts);
  }
  if (!late) stepDue = false;
}

// change makes a change that Back undoes.
function change(make) {
  save();
  const old = fragment(), was = example;
  make();
  if (fragment() !== old || example !== was) save(true);
  unmark("", false);
  edited();
}

// load reads the state of the URL.
function load(first) {
  const params = new URLSearchParams((drafts[place()] ?? location.hash).slice(1));
  const given = Object.fromEntries(params);
  const none = ![...policyFields, ...callFields].some(name => params.has(name)); // a place in the page, or nothing
  if (none && location.hash && !first) return;
  example = history.state?.example ?? -1;
  if (!examples[example]) example = -1;
  if (none) {
    writeState({policy: data.start, call: {path: "/notes"}, before: []});
    return;
  }
  let list = [];
  try {
    list = JSON.parse(params.get("before") ?? "[]").map(tidy);
  } catch { /* not a list of calls: there are none */ }
  writeState({policy: given, call: given, before: list.slice(0, 20)});
  const taken = new URLSearchParams(fragment().slice(1));
  const odd = [...new Set(["path", ...params.keys()])].filter(name => taken.get(name) !== params.get(name));
  if (list.length > 20) {
    toast(`The link has ${list.length} calls before its last one. Only the first 20 are taken.`);
  } else if (odd.length) {
    toast(`This link is damaged, or of another version. Check ${cut(odd.join(", "))}.`);
  }
}

// ---- The server checks each change.

async function post(path, body, signal) {
  let res;
  try {
    const headers = {"Content-Type": "application/json"};
    res = await fetch(path, {method: "POST", headers, body: JSON.stringify(body), signal});
  } catch (e) {
    if (!signal?.aborted) lose();
    throw e;
  }
  if (away) {
    away = false;
    recheck(0);
    if (!shown) nothing = "The playground answers again. Run the call.";
    render();
  }
  if (!res.ok) throw new Error(`The playground answers ${res.status}: ${cut(await res.text(), 200)}`);
  return res.headers.get("Content-Type") === "application/json" ? res.json() : null;
}

const check = (state, signal) => post("/check/" + token, state, signal);

// lose says that the playground does not answer, until it does.
let away = false;
function lose() {
  away = true;
  recheck(2000);
  render();
}

let timer = 0, checks = 0;

function recheck(delay) {
  clearTimeout(timer);
  timer = setTimeout(() => refresh().catch(() => {}), delay);
}

function edited() {
  render();
  recheck(150);
}

// refresh checks the state and shows what the server says of it, or that it says nothing.
async function refresh() {
  clearTimeout(timer);
  const n = ++checks, state = readState(), hash = fragmentOf(state);
  const unchecked = text => {
    if (n !== checks || hash === checked) return;
    unmark(text, true);
    for (const id of ["policy-code", "call-code"]) showCode(id, "");
    $("announces").textContent = "";
  };
  const late = setTimeout(unchecked, 500, "Not checked yet");
  try {
    const c = await check(state);
    if (n === checks) showChecked(c, hash);
  } catch (e) {
    unchecked(away ? "Not checked" : e.message);
    throw e;
  } finally {
    clearTimeout(late);
  }
}

// unmark takes all problems away, and says why.
function unmark(text, bad) {
  for (const form of [policyForm, callForm]) showProblems(form, {list: [], missed: {}});
  sayPolicy(text, bad);
}

function sayPolicy(text, bad) {
  $("policy-state").textContent = text;
  $("policy-state").classList.toggle("bad", bad);
}

let checked = ""; // the fragment that was checked last
function showChecked(c, hash) {
  checked = hash;
  showProblems(policyForm, c.policy);
  showProblems(callForm, c.call);
  const {count} = c.policy;
  sayPolicy(count ? (count === 1 ? "1 problem" : `${count} problems`) : "Valid", count > 0);
  showCode("policy-code", c.code);
  showCode("call-code", c.callCode);
  const a = c.announces;
  $("announces").textContent = c.call.count ? "No browser sends this call."
    : a ? `The browser asks first: a preflight for ${cut([a.method, ...a.headers].join(", "))}.`
    : "The browser sends it at once: a form could do the same.";
  unfold();
}

// showCode shows code, or that what is shown is of what was valid before.
function showCode(id, code) {
  if (code) $(id).textContent = code;
  $(id).classList.toggle("stale", !code);
  const box = $(id).closest(".code");
  box.querySelector(".stale-code").hidden = !!code;
  box.querySelector("button").setAttribute("aria-disabled", String(!code));
}

function showProblems(form, {list, missed}) {
  for (const e of form.elements) {
    if (!e.name || e.type === "button") continue;
    const mine = list.filter(p => p.field === e.name);
    e[mine.length ? "setAttribute" : "removeAttribute"]("aria-invalid", "true");
    const lines = mine.map(p => {
      const line = element("p", "", cut(p.detail, 300) + ". ");
      if (p.value) line.prepend(element("code", "", cut(p.value)), ": ");
      if (p.fix) {
        const b = button("", () => takeFix(e, p));
        b.className = "fix";
        b.value = p.value; // it may be cut above
        b.append("Use ", element("code", "", cut(p.fix)));
        line.append(b);
      }
      return line;
    });
    if (missed[e.name]) lines.push(element("p", "", `And ${missed[e.name]} more in this field.`));
    update($(e.name + "-problems"), ...lines);
  }
}

// takeFix puts a fix in the place of the value that it is for.
function takeFix(e, {value, fix}) {
  const fixed = () => e.value.split("\n").map(line => line.trim() === value ? fix : line).join("\n");
  change(() => fill(e, e.tagName === "TEXTAREA" ? fixed() : fix));
  e.focus();
}

// ---- A frame of the calling page's origin makes the call.

const frames = new Map(); // by page: what is known of its frame
const answers = new Map(); // by number of a call: what takes its answer
let calls = 0;

addEventListener("message", e => {
  for (const f of frames.values()) {
    if (e.source !== f.element.contentWindow || e.origin !== f.origin) continue;
    if (e.data.ready) {
      f.ready();
    } else {
      answers.get(e.data.id)?.(e.data);
    }
  }
});

// frameOf returns a promise of the frame for a page.
function frameOf(page) {
  if (!frames.has(page)) {
    const {page: own, other: port, ip} = data.origins;
    const f = {element: element("iframe"), origin: {this: own, port, ip, null: "null"}[page]};
    f.element.title = "The page that makes the call";
    f.element.hidden = true;
    if (page === "null") f.element.setAttribute("sandbox", "allow-scripts");
    f.element.src = (page === "null" ? own : f.origin) + "/frame";
    f.loaded = new Promise((resolve, reject) => {
      const late = setTimeout(() => {
        frames.delete(page);
        f.element.remove();
        reject(new Error("The frame that makes the call did not load in 10 seconds."));
      }, 10_000);
      f.ready = () => {
        clearTimeout(late);
        resolve(f);
      };
    });
    frames.set(page, f);
    $("frames").append(f.element);
  }
  return frames.get(page).loaded;
}

async function callFrom(page, url, init, signal) {
  const f = await frameOf(page);
  signal.throwIfAborted();
  const id = ++calls;
  // The origin of a sandboxed frame has no name.
  const say = what => f.element.contentWindow.postMessage({id, ...what}, page === "null" ? "*" : f.origin);
  let late = 0;
  try {
    return await new Promise((resolve, reject) => {
      answers.set(id, resolve);
      signal.onabort = () => reject(signal.reason);
      late = setTimeout(() => reject(new Error("The call had no answer in 20 seconds, and was given up.")), 20_000);
      say({url, init});
    });
  } catch (e) {
    say({end: true});
    throw e;
  } finally {
    answers.delete(id);
    clearTimeout(late);
    signal.onabort = null;
  }
}

// play makes calls under a policy, and returns what came of each; null if the server
// refuses the policy or a call.
async function play(policy, list, fresh, signal = new AbortController().signal) {
  const results = [];
  for (const [i, call] of list.entries()) {
    wait("the playground to put the policy in force");
    const c = await check({policy, call, run: true, turn: ++turn, fresh: i === 0 && (fresh || newURL)}, signal);
    if (!c.url) {
      await refresh();
      return null;
    }
    newURL = false;
    if (fragmentOf({policy, call, before}) === fragment()) showChecked(c, fragment());
    wait(`the API to answer ${describe(call)}, for 20 seconds at most`);
    const observed = await callFrom(call.page || "this", c.url, c.request.init, signal);
    wait("the playground to compare this with other browsers");
    const outcome = await post("/outcome/" + token, {policy, call, epoch: c.epoch}, signal);
    observed.preflights = outcome.exchanges.filter(x => x.preflight).length;
    results.push({call, announces: c.announces, observed, ...outcome});
  }
  return results;
}

// newest ends what runs, and runs f in its place.
let turn = 0; // counts what runs: a request may come late to the server
let running = null; // what ends f
let task = "", waiting = "";
let newURL = false; // the next call gets a URL for which no answer to a preflight is kept
async function newest(what, f) {
  if (running) {
    running.abort();
    newURL = true; // so the server tells this call from the one before
  }
  const mine = running = new AbortController();
  task = what;
  wait("the playground");
  try {
    await f(mine.signal);
  } catch (e) {
    if (mine.signal.aborted) return;
    show(away ? null : {error: e.message, hash: fragment(), state: readState()});
  } finally {
    if (running === mine) {
      running = null;
      render();
    }
  }
}

function wait(what) {
  waiting = `Waiting for ${what}.`;
  render();
}

// run makes the call that the form holds, after those before it.
function run(fresh) {
  save();
  const state = readState(), hash = fragmentOf(state);
  const i = hash === hashOf(example) ? example : -1;
  return newest(describe(state.call), async signal => {
    const results = await play(state.policy, [...state.before, state.call], fresh, signal);
    if (results) {
      show({hash, state, results});
      kept.delete(hash);
      kept.set(hash, shown);
      if (kept.size > 30) kept.delete(kept.keys().next().value);
      if (i >= 0) mark(i, compare(rows[i], results));
    } else {
      const marked = document.querySelector("[aria-invalid]");
      show({hash, state, unsent: marked || !state.before.length ? "Correct the marked fields first."
        : "A call before it cannot be sent. Leave it out, or correct the link."});
      (marked ?? document.querySelector("#before button"))?.focus();
    }
  });
}

// ---- What happened. It is shown together with what it is of, and marked as soon as
// the forms hold something else.

let shown = null; // what came of a call, of the tour, or null
const kept = new Map(); // what came of a call, by its fragment
let nothing = "Run the call, or take an example of the tour.";

const sent = n => n ? ` ${plural(n)}.` : " Sent without a preflight.";
const plural = n => n === 1 ? "1 preflight" : `${n} preflights`;

function show(what) {
  shown = what;
  const own = what?.results?.at(-1).verdicts.find(v => v.engine === engine);
  const parts = what?.results ? story(what.results, own) : what?.tour ? [tourTable(what.tour)] : [];
  $("details").replaceChildren(...parts);
  $("details").scrollTop = $("outcome").scrollTop = 0;
  const advice = what?.results && agree(what.results.at(-1).observed, own) && own.advice;
  $("advice").replaceChildren(...(advice ? adviceOf(advice) : []));
  $("below").textContent = what?.tour ? "Show the table" : what?.results ? "Show the conversation" : "";
  render();
}

const agree = (observed, own) => own && own.allowed === !observed.blocked;

// verdictOf returns the kind of a verdict, its title, a sentence, and the header to blame.
function verdictOf({results, tour, unsent, error}) {
  if (error) return ["stop", "✕ The playground failed", error];
  if (unsent) return ["stop", "Not sent", unsent];
  if (tour) {
    const good = tour.filter(v => v.expected), blocked = good.filter(v => v.blocked).length;
    const title = `${good.length} of ${tour.length} as expected`;
    return good.length === tour.length ? ["good", "✓ " + title, `${blocked} of them are blocked, as they should be.`]
      : ["stop", title, "The table says which are not."];
  }
  const {observed, verdicts} = results.at(-1);
  const own = verdicts.find(v => v.engine === engine);
  const name = engine || "This browser";
  const reason = agree(observed, own) ? `${own.header} ${own.detail}`.trim() + "." : "";
  const got = observed.body ? `, “${cut(observed.body)}”` : "";
  return observed.blocked
    ? ["stop", `✕ ${name} blocks the call`, (reason + sent(observed.preflights)).trim(), reason && own.header]
    : ["good", `✓ ${name} lets the page read it`, `Status ${observed.status}${got}.${sent(observed.preflights)}`];
}

// changedSince says what the forms hold that a verdict is not about.
function changedSince(old) {
  const now = readState();
  const differ = (a, b, names) => names.filter(name => (a[name] ?? "") !== (b[name] ?? ""));
  const inPolicy = differ(now.policy, old.policy, policyFields);
  const inCall = differ(now.call, old.call, callFields).map(name => name === "cookies" ? "credentials" : name);
  if (JSON.stringify(now.before) !== JSON.stringify(old.before)) inCall.push("what comes before it");
  const names = [...inPolicy, ...inCall];
  const what = [inPolicy.length && "policy", inCall.length && "call"].filter(Boolean).join(" and ");
  return `Of an earlier ${what}. Changed since: ${names.join(", ")}. Run the call again.`;
}

function render() {
  const current = shown && (shown.tour || shown.hash === fragment());
  const state = away ? "failed" : running ? "running" : !shown ? "none" : current ? "done" : "stale";
  const [kind, title, text, blame] = {
    failed: () => ["stop", "✕ The playground does not answer",
      "Start it again: go run ./examples/playground. This page looks for it every 2 seconds."],
    running: () => ["", `Running: ${task}`, waiting],
    none: () => ["", "Nothing yet", nothing],
  }[state]?.() ?? verdictOf(shown);
  // What comes next moves once, when all is known.
  if (document.body.dataset.state !== state) {
    for (const e of [$("verdict"), $("lesson")]) e.style.minHeight = state === "running" ? e.offsetHeight + "px" : "";
    document.body.dataset.state = state;
  }
  if (away) sayPolicy("Not checked", true);
  $("outcome").setAttribute("aria-busy", String(state === "running"));
  const lines = [element("p", "big", title), element("p", "", text)];
  if (state === "stale") lines.unshift(element("p", "earlier", changedSince(shown.state)));
  update($("verdict"), ...lines);
  $("verdict").className = kind;
  $("glance").textContent = (state === "stale" ? "Earlier: " : "") + title + (blame ? ": " + blame : "");
  renderLesson(state);
}

// update changes what e holds, unless it is the same: what changes is read aloud.
function update(e, ...content) {
  const next = element(e.tagName, "", ...content);
  if (next.innerHTML !== e.innerHTML) e.replaceChildren(...next.childNodes);
}

function story(results, own) {
  const last = results.at(-1);
  const parts = notes(last, own);
  for (const r of results.slice(0, -1)) {
    const said = `${r.observed.blocked ? "✕ blocked" : "✓ let through"}, ${plural(r.observed.preflights)}`;
    const earlier = element("details", "before", element("summary", "", `Before it: ${describe(r.call)} ${said}`));
    earlier.append(conversation(r, r.verdicts.find(v => v.engine === engine)));
    parts.push(earlier);
  }
  parts.push(conversation(last, own), engineList(last));
  return parts;
}

// difference says how an observation differs from corstest's verdict for this very
// engine, "" if it does not. A browser may forget a preflight's answer at any time.
function difference(observed, own) {
  const {blocked} = observed;
  if (blocked === own.allowed) return `this browser ${blocked ? "blocks the call" : "lets the call through"}`;
  if (observed.preflights < own.preflights) return `${plural(observed.preflights)} instead of ${own.preflights}`;
  const names = blocked ? [] : observed.headers.map(([name]) => name).filter(name => name !== "date");
  const seen = String(names.sort());
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
      note("bug", `This is a bug to report: corstest expects something else of ${own.engine}: ${d}. ` +
        `Send the link of this page, and this: ${navigator.userAgent}`);
    } else if (observed.preflights > own.preflights) {
      note("", "The browser sent a preflight again, though it could have kept the answer. " +
        "Browsers may forget at any time.");
    }
  }
  const kinds = new Set(verdicts.map(v => `${v.allowed} ${v.step} ${v.preflights}`));
  if (kinds.size > 1) note("", "The engines differ in this call. The list says how.");
  if (call.path === "/me" && call.cookies && (call.page === "ip" || call.page === "null")) {
    note("", "The cookie is SameSite=Lax. From a page of another site the browser does not send it, " +
      "whatever the policy says.");
  }
  return list;
}

function adviceOf({text, form, changes}) {
  const b = button(form === "policy" ? "Change the policy" : "Change the call", () => {
    const old = fragment();
    change(() => {
      const changed = changes.map(c => {
        const e = (form === "policy" ? policyForm : callForm).elements[c.field];
        fill(e, apply(c, valueOf(e)));
        return e;
      });
      unfold();
      if (desk.matches) changed.at(-1)?.scrollIntoView({block: "nearest"});
    });
    $("run").focus();
    const same = fragment() === old;
    toast(same ? "It is changed already. Run the call again." : "Changed. Run the call again, or go Back to undo it.");
  });
  return [element("h3", "", "What to change"), element("p", "", text), b];
}

// apply does what change.apply does on the server.
function apply({set, remove = [], add = []}, text) {
  if (remove.length + add.length === 0) return set;
  const lines = text.split("\n").map(line => line.trim())
    .filter(line => line && !remove.some(r => r === line || r.toLowerCase() === line.split(":")[0].toLowerCase()));
  return [...lines, ...add.filter(a => !lines.includes(a))].join("\n");
}

function tableOf(caption, heads, body) {
  const table = element("table", "", element("caption", "", ...caption));
  const row = (name, cells) => element("tr", "", ...cells.map((c, i) => {
    const cell = element(name === "th" || i === 0 ? "th" : "td", c.kind ?? "", c.text ?? c);
    if (cell.tagName === "TH") cell.scope = name === "th" ? "col" : "row";
    return cell;
  }));
  table.append(element("thead", "", row("th", heads)), element("tbody", "", ...body.map(cells => row("td", cells))));
  return table;
}

function engineList({observed, verdicts}) {
  const row = (name, allowed, preflights, more) => [name,
    {kind: allowed ? "good" : "stop", text: allowed ? "✓ allowed" : "✕ blocked"},
    plural(preflights), {kind: "soft", text: more}];
  const caption = [element("b", "", "Seen"), ": what this browser has just done. ", element("b", "", "Simulated"),
    ": corstest, the test package of this project, asked the same server as each engine would. " +
    "A preflight is the question in advance, whether the call may be sent."];
  return tableOf(caption, ["Browser", "Call", "It sent", "How we know"], [
    row("This browser", !observed.blocked, observed.preflights, "seen"),
    ...verdicts.map(v => row(v.engine, v.allowed, v.preflights, "simulated" + (v.step ? `: stops at ${v.step}` : ""))),
  ]);
}

// conversation draws what was said between page, browser and server, from top to
// bottom.
function conversation({call, announces, observed, exchanges, missed}, own) {
  const list = element("ol", "wire");
  const head = element("div", "actors", ...["Page", "Browser", "Server"].map(name => element("span", "", name)));
  head.setAttribute("aria-hidden", "true");
  const step = (from, to, title, kind, ...content) => {
    const who = element("span", "hidden", `${from} to ${to}: `);
    const arrow = element("p", "arrow", who, element("span", "label", title));
    list.append(element("li", `step ${from}-${to} ${kind}`, arrow, ...content));
  };
  const note = text => list.append(element("li", "aside", text));
  const blame = observed.blocked && own && !own.allowed ? own : null;
  const last = exchanges.at(-1);

  step("page", "browser", `fetch ${describe(call)}`, "");
  if (exchanges.length && !exchanges[0].preflight) {
    note(announces ? "No preflight: the browser has kept the answer to an earlier one, in its preflight cache."
      : "No preflight: a form could send this.");
  }
  for (const x of exchanges) {
    const where = x.host === new URL(data.origins.api).host ? x.path : `http://${x.host}${x.path}`;
    const asked = headers(x.preflight ? "Preflight" : "Request", x.request, null);
    step("browser", "server", cut(`${x.method} ${where}`), "", asked);
    const stops = blame && x === last && !missed;
    const answer = headers(x.preflight ? "Answer to the preflight" : "Response", x.response, stops ? blame : null);
    if (x.log) answer.append(element("pre", "log", x.log.trim()));
    if (stops) answer.append(element("p", "blame", `Stopped here: ${`${blame.header} ${blame.detail}`.trim()}.`));
    step("server", "browser", x.status ? String(x.status) : "no response", stops ? "stop" : "", answer);
  }
  if (missed) note(`${missed} more requests are not drawn.`);
  if (observed.blocked && last?.preflight) {
    const method = last.request.fields.find(([name]) => name === "Access-Control-Request-Method")?.[1] ?? "";
    note(`${cut(method, 40)} ${call.path} is never sent.`);
  }
  const card = element("div", "card");
  if (observed.blocked) {
    card.append(element("p", "", "A script learns no more than this. The reason is above."));
    step("browser", "page", "✕ " + observed.error, "stop", card);
  } else {
    const readable = observed.headers.map(([name]) => name);
    const sent = (last?.response.fields ?? []).map(([name]) => name.toLowerCase());
    const hidden = sent.filter(name => !readable.includes(name));
    card.append(element("p", "", `The page may read: the body, ${readable.join(", ") || "no header"}.`));
    if (hidden.length) card.append(element("p", "", `Hidden from it: ${[...new Set(hidden)].join(", ")}.`));
    step("browser", "page", `✓ ${observed.status}`, "good", card);
  }
  return element("div", "conversation", head, list);
}

// headers shows a list of headers, each with what it means.
function headers(title, {fields, missed}, blame) {
  const card = element("div", "card", element("h3", "", title));
  const show = (name, value, bad) => {
    const line = [element("b", "", name + ":"), " ", element("span", "", value)];
    const meaning = data.meanings[name.toLowerCase()];
    const kind = bad ? "header bad" : "header";
    card.append(meaning ? element("details", kind, element("summary", "", ...line), element("p", "", meaning))
      : element("p", kind, ...line));
  };
  for (const [name, value] of fields ?? []) show(name, value, blame?.header === name);
  if (missed) card.append(element("p", "header", `and ${missed} more`));
  if (blame?.header && !fields?.some(([name]) => name === blame.header)) show(blame.header, "absent", true);
  if (card.childElementCount === 1) card.append(element("p", "header", "no header that matters here"));
  return card;
}

// ---- The tour.

const rows = data.chapters.flatMap(c => c.rows);
const titleOf = i => rows[i].title;
function stateOf(i) {
  const {policy = data.start, calls} = rows[i];
  return {policy, call: calls.at(-1), before: calls.slice(0, -1).map(tidy)};
}
const hashOf = i => examples[i] ? fragmentOf(stateOf(i)) : "";

// Progress is what came of each example that was run, by its title.
// Each tab keeps what the others did.
const stored = () => recall("localStorage", "cors playground");
let progress = stored();
addEventListener("storage", () => {
  progress = stored();
  renderTour();
});

function setProgress(now) {
  progress = now;
  keep("localStorage", "cors playground", now);
  renderTour();
}

function mark(i, v) {
  const result = v.expected ? (v.blocked ? "blocked" : "through") : "unexpected";
  Object.assign(examples[i].dataset, {got: v.got, preflights: v.preflights, blocked: v.blocked});
  setProgress({...progress, ...stored(), [titleOf(i)]: result});
}

function renderTour() {
  let done = 0;
  for (const [i, b] of examples.entries()) {
    const result = progress[titleOf(i)] ?? "";
    b.dataset.result = result;
    b.lastChild.textContent = {through: ": let through, as it should be", blocked: ": blocked, as it should be",
      unexpected: ": not as it should be"}[result] ?? "";
    if (result) done++;
  }
  $("summary").textContent = done ? `${done} of ${rows.length} done` : `${rows.length} examples`;
  $("start-over").hidden = !done;
}

function renderLesson(state) {
  const last = example === rows.length - 1;
  const own = example >= 0 && fragment() === hashOf(example);
  const text = [];
  if (example >= 0) {
    text.push(element("b", "", `${example + 1} of ${rows.length}: ${titleOf(example)}. `));
    if (!own) {
      text.push("You have changed this example.");
    } else if (state === "done" && shown.results) {
      text.push(rows[example].why);
    } else if (state !== "running" && state !== "failed") {
      text.push("Run the call to see what comes of it.");
    }
  } else {
    text.push(element("b", "", "New to CORS? "));
    text.push(`Take the tour: ${rows.length} short examples, each with its lesson.`);
  }
  update($("lesson-text"), ...text);
  $("next").textContent = example < 0 ? "Start the tour" : last ? "Start the tour again"
    : `Next example: ${titleOf(example + 1)}`;
  $("again").textContent = "Undo the changes";
  $("again").hidden = own || example < 0;
  const current = document.querySelector(".example[aria-current]");
  if (current !== examples[example]) {
    current?.removeAttribute("aria-current");
    examples[example]?.setAttribute("aria-current", "true");
  }
}

// open opens an example, runs it, and shows what comes of it.
function open(i) {
  change(() => {
    example = i;
    writeState(stateOf(i));
  });
  const done = run(true);
  reveal();
  $("next").focus({preventScroll: true});
  return done;
}

// reveal brings the tour, the forms and what happened into view.
function reveal() {
  if (desk.matches) {
    examples[example]?.scrollIntoView({block: "nearest"});
    $("policy").scrollTop = callForm.scrollTop = 0;
  } else {
    $("tour-fold").open = false;
    $("tour").scrollIntoView();
  }
}

// compare says whether calls of a row went as expected.
function compare(row, results) {
  const {observed} = results.at(-1);
  const header = () => observed.headers.find(([name]) => name === row.header.toLowerCase())?.[1] ?? "null";
  const got = observed.blocked ? "" : row.header ? header() : observed.body;
  const preflights = results.reduce((sum, r) => sum + r.observed.preflights, 0);
  const wanted = row.preflights ?? 0;
  const wrong = observed.blocked !== !!row.blocked ? `it should be ${row.blocked ? "blocked" : "let through"}`
    : row.got && got !== row.got ? `it should read ${row.got}`
    : preflights !== wanted ? `it should take ${plural(wanted)}` : "";
  return {blocked: observed.blocked, got, preflights, expected: !wrong, wrong};
}

const visit = async (row, signal) => compare(row, await play(row.policy ?? data.start, row.calls, true, signal));

async function runAll(signal) {
  const list = [];
  for (const [i, row] of rows.entries()) {
    task = `${i + 1} of ${rows.length}, ${titleOf(i)}`;
    let v = await visit(row, signal);
    if (v.preflights > (row.preflights ?? 0)) v = await visit(row, signal); // the browser has forgotten an answer
    mark(i, v);
    list.push({...v, title: titleOf(i)});
  }
  show({tour: list});
  $("summary").textContent = `done: ${list.filter(v => v.expected).length} of ${list.length} as expected`;
  await post("/done", $("summary").textContent, signal);
}

function tourTable(list) {
  const said = v => `${v.expected ? "✓" : "!"} ${v.blocked ? "blocked" : "let through"}, ` +
    (v.wrong ? "but " + v.wrong : "as it should be");
  return tableOf(["The tour, as this browser saw it."], ["Example", "What happened", "Preflights"],
    list.map(v => [v.title, {kind: v.expected ? "good" : "odd", text: said(v)}, String(v.preflights)]));
}

// ---- Buttons and the beginning.

let toastTimer = 0;
function toast(text) {
  $("toast").textContent = text;
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => $("toast").textContent = "", 8000);
}

async function copy(what) {
  save();
  if (what !== "link") {
    if (checked !== fragment()) await refresh().catch(() => {});
    if (checked !== fragment() || $(what).classList.contains("stale")) {
      toast("Not copied: " + (away ? "the playground does not answer."
        : "this code is not of what the fields hold. Correct the marked fields first."));
      return;
    }
  }
  const text = what === "link" ? location.origin + "/" + fragment() : $(what).textContent;
  try {
    await navigator.clipboard.writeText(text);
    toast({link: "Copied the link. It holds the policy and the call.",
      "policy-code": "Copied the policy in Go.", "call-code": "Copied the call in JavaScript."}[what]);
  } catch {
    if (what !== "link") getSelection().selectAllChildren($(what));
    toast(what === "link" ? "Copy the link from the address bar." : "Selected. Copy it with Ctrl+C.");
  }
}

for (const form of [policyForm, callForm]) {
  form.addEventListener("input", e => {
    if (e.target.tagName === "TEXTAREA") grow(e.target);
    save();
    edited();
  });
  form.addEventListener("submit", e => {
    e.preventDefault();
    $("run").click();
  });
  form.addEventListener("keydown", e => {
    if (e.key === "Enter" && (e.ctrlKey || e.metaKey)) $("run").click();
  });
}
$("run").onclick = () => run(false);
$("forget").onclick = () => {
  newURL = true;
  toast("The next call gets a new URL, so the browser knows no answer for it.");
};
$("run-all").onclick = () => {
  const done = newest("the tour", runAll);
  if (!desk.matches) reveal();
  return done;
};
$("start-over").onclick = () => {
  setProgress({});
  $("run-all").focus();
};
$("next").onclick = () => open((example + 1) % rows.length);
$("again").onclick = () => open(example);
for (const b of document.querySelectorAll("[data-copy]")) b.onclick = () => copy(b.dataset.copy);
for (const a of document.querySelectorAll('a[href^="#"]')) {
  a.onclick = e => {
    e.preventDefault(); // the fragment is the state
    document.querySelector(a.hash).scrollIntoView();
    document.querySelector(a.hash).focus();
  };
}
addEventListener("popstate", () => {
  clearTimeout(retry);
  load(false);
  if (kept.has(fragment())) show(kept.get(fragment()));
  edited();
});
addEventListener("focus", () => recheck(0)); // the playground may be gone by now

// arrange puts what happened behind the tour, where there is no room beside the forms.
function arrange() {
  const focused = document.activeElement;
  for (const e of [$("tour-fold"), ...document.querySelectorAll(".code")]) e.open = desk.matches;
  $(desk.matches ? "call" : "tour").after($("outcome"));
  $("details").tabIndex = desk.matches ? 0 : -1; // it scrolls there
  focused?.focus({preventScroll: true});
}
desk.onchange = arrange;
arrange();
renderTour();
load(true);
render();
recheck(0);
