"use strict";
// This frame makes the calls that the playground asks for, from an origin of its own.
const page = document.documentElement.dataset.page;
const under = new Map(); // calls under way, by their number

// call makes one call, and returns what a script learns of it.
async function call({url, init}, signal) {
  try {
    const res = await fetch(url, {...init, signal});
    const body = (await res.text()).trim();
    return {blocked: false, status: res.status, headers: [...res.headers], body};
  } catch (e) {
    return {blocked: true, error: String(e)};
  }
}

addEventListener("message", async e => {
  if (e.origin !== page || e.source !== parent) return;
  const {id, end} = e.data;
  if (end) {
    under.get(id)?.abort();
    return;
  }
  const controller = new AbortController();
  under.set(id, controller);
  const result = await call(e.data, controller.signal);
  under.delete(id);
  parent.postMessage({id, ...result}, page);
});
parent.postMessage({ready: true}, page);
