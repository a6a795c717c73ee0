"use strict";
// This frame makes the calls that the playground asks for, from an origin of its own.
const page = document.documentElement.dataset.page;

// call makes one call, and returns what a script learns of it.
async function call({url, init}) {
  try {
    const res = await fetch(url, init);
    const body = await res.text();
    return {blocked: false, status: res.status, headers: [...res.headers], body: body.slice(0, 2000).trim()};
  } catch (e) {
    return {blocked: true, error: String(e)};
  }
}

addEventListener("message", async e => {
  if (e.origin !== page || e.source !== parent) return;
  const result = await call(e.data);
  parent.postMessage({id: e.data.id, ...result}, page);
});
parent.postMessage({ready: true}, page);
