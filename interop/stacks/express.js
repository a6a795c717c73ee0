// A server of users on Express.
"use strict";
const express = require("express");
const app = express();
// @here cors
app.use((req, res, next) => { // @only login
  if (req.get("Authorization") === "Basic YWRhOnNlY3JldA==") return next(); // @only login
  res.set("WWW-Authenticate", "Basic").status(401).send("who are you?"); // @only login
}); // @only login
// @here after-login
app.get("/users/7", (req, res) => res.json({ id: 7 }));
app.put("/users/7", express.json(), (req, res) => res.json({ id: 7 }));
app.delete("/users/7", (req, res) => res.json({ id: 7 }));
app.get("/crash", () => { throw new Error("crash"); });
// @here late

const server = app.listen(0, "127.0.0.1", () => console.log(server.address().port));
