"use strict";
// What the tests do in the page, as a user would.

const at = id => document.getElementById(id);

async function until(what, condition) {
  for (const end = Date.now() + 180_000; Date.now() < end;) {
    const result = condition();
    if (result) return result;
    await new Promise(resolve => setTimeout(resolve, 20));
  }
  throw new Error("not reached: " + what);
}

function type(id, text) {
  const e = at(id);
  e.focus();
  if (e.type === "checkbox") {
    if (e.checked !== text) e.click();
    return;
  }
  e.value = text;
  e.dispatchEvent(new Event("input", {bubbles: true}));
}

const isIdle = () => at("outcome").getAttribute("aria-busy") !== "true";

// press clicks a button and waits for what it starts.
async function press(b) {
  await until("idle before a click", isIdle);
  b.click();
  await until("idle after a click", isIdle);
}

// A report of nothing says that the test goes on: the venue waits for so long for each.
const send = report => fetch("/report", {method: "POST", body: JSON.stringify(report)});

const drive = test => test().then(send, e => send({error: String(e?.stack ?? e)}));
