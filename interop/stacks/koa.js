// A server of users on Koa.
"use strict";
const Koa = require("koa");
const app = new Koa();
app.silent = true; // no trace of /crash in the output
// @here cors
app.use(async (ctx, next) => { // @only login
  if (ctx.get("Authorization") === "Basic YWRhOnNlY3JldA==") return next(); // @only login
  ctx.set("WWW-Authenticate", "Basic"); // @only login
  ctx.status = 401; // @only login
}); // @only login
// @here after-login
app.use(async (ctx, next) => {
  if (ctx.path === "/crash") throw new Error("crash");
  if (ctx.path !== "/users/7" || !["GET", "HEAD", "PUT", "DELETE"].includes(ctx.method)) return next();
  ctx.body = { id: 7 };
});
// @here late

const server = app.listen(0, "127.0.0.1", () => console.log(server.address().port));
