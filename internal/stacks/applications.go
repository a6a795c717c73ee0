package stacks

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"example.com/cors"
)

// The stacks in which applications are written.

var goStack = stack{
	name:  "go",
	title: "Go, with the package example.com/cors",
	text:  goText,
	where: "This goes right before the line that starts the server. mux is your router, with all that is around it, " +
		"a login included; http.ListenAndServe gets handler in its place. " +
		"Import example.com/cors, and time if MaxAge is there.",
}

func goText(c Change) string {
	o := cors.Options{
		AllowedOrigins: c.Origins, AllowedHeaders: c.Headers, ExposedHeaders: c.Exposed,
		AllowCredentials: c.Credentials, MaxAge: c.MaxAge,
	}
	o.AllowedMethods = slices.DeleteFunc(slices.Clone(c.Methods), func(name string) bool {
		return slices.Contains(safelisted, name) || slices.Contains(c.Methods, "*") && name != "*"
	})
	if c.anyHeader() {
		o.AllowedHeaders = []string{"*"}
	}
	if slices.Contains(c.Exposed, "*") {
		o.ExposedHeaders = []string{"*"}
	}
	if o.Validate() != nil {
		o.DangerouslyAllowInsecureOrigins = true
		if o.Validate() != nil {
			o.DangerouslyAllowInsecureOrigins = false
		}
	}
	var fields []field
	list := func(name string, list []string) {
		if len(list) > 0 {
			fields = append(fields, field{name, fmt.Sprintf("%#v", list)})
		}
	}
	list("AllowedOrigins", o.AllowedOrigins)
	list("AllowedMethods", o.AllowedMethods)
	list("AllowedHeaders", o.AllowedHeaders)
	list("ExposedHeaders", o.ExposedHeaders)
	if o.AllowCredentials {
		fields = append(fields, field{"AllowCredentials", "true"})
	}
	if o.MaxAge != 0 {
		fields = append(fields, field{"MaxAge", c.seconds() + " * time.Second"})
	}
	if o.DangerouslyAllowInsecureOrigins {
		fields = append(fields, field{"DangerouslyAllowInsecureOrigins", "true"})
	}
	width := 0
	for _, f := range fields {
		width = max(width, len(f.name))
	}
	var t text
	t.line("handler := cors.New(cors.Options{")
	for _, f := range fields {
		t.line("\t%-*s %s,", width+1, f.name+":", f.value)
	}
	t.line("})(mux)")
	return t.String()
}

var express = stack{
	name:  "express",
	title: "Express",
	text: func(c Change) string {
		var t text
		t.line(`const cors = require("cors");`)
		t.line(`app.use(cors({`)
		if c.anyOrigin() {
			t.line(`  origin: "*",`)
		} else {
			t.line(`  origin: [%s],`, quoted(`"`, c.Origins))
		}
		t.script(c, "methods", "allowedHeaders", "exposedHeaders")
		t.line(`}));`)
		return t.String()
	},
	where: "Run npm install cors. This goes right after const app = express(), before every other app.use and route, " +
		"a login included. (ES modules begin with import cors from \"cors\".) Then start the server again.",
}

var fastify = stack{
	name:  "fastify",
	title: "Fastify",
	text: func(c Change) string {
		var t text
		t.line(`import cors from "@fastify/cors";`)
		t.line(`await fastify.register(cors, {`)
		if c.anyOrigin() {
			t.line(`  origin: "*",`)
		} else {
			t.line(`  origin: [%s],`, quoted(`"`, c.Origins))
		}
		t.script(c, "methods", "allowedHeaders", "exposedHeaders")
		t.line(`});`)
		return t.String()
	},
	where: "Run npm install @fastify/cors. This goes right after the line that makes the instance, here called " +
		"fastify, before every hook, plugin and route, a login included: in a plugin it would cover only that. " +
		"(CommonJS begins with const cors = require(\"@fastify/cors\"), and has await in an async function.) " +
		"Then start the server again.",
}

var koa = stack{
	name:  "koa",
	title: "Koa",
	text: func(c Change) string {
		var t text
		t.line(`const cors = require("@koa/cors");`)
		t.line(`app.use(cors({`)
		if c.anyOrigin() {
			t.line(`  origin: "*",`)
		} else {
			t.line(`  origin: (ctx) => [%s].find((o) => o === ctx.get("Origin")),`, quoted(`"`, c.Origins))
		}
		t.script(c, "allowMethods", "allowHeaders", "exposeHeaders")
		t.line(`}));`)
		return t.String()
	},
	where: "Run npm install @koa/cors. This goes right after const app = new Koa(), before every other app.use, " +
		"a login and the router included. (ES modules begin with import cors from \"@koa/cors\".) " +
		"Then start the server again.",
}

// script writes the options that the middlewares of Node.js have under similar names.
func (t *text) script(c Change, methods, headers, exposed string) {
	t.line(`  %s: [%s],`, methods, quoted(`"`, c.methods()))
	if c.Headers != nil {
		t.line(`  %s: [%s],`, headers, quoted(`"`, c.Headers))
	}
	if c.Exposed != nil {
		t.line(`  %s: [%s],`, exposed, quoted(`"`, c.Exposed))
	}
	if c.Credentials {
		t.line(`  credentials: true,`)
	}
	if c.MaxAge != 0 {
		t.line(`  maxAge: %s,`, c.seconds())
	}
}

var flask = stack{
	name:  "flask",
	title: "Flask",
	text:  flaskText,
	where: "Run pip install flask-cors. This goes right after app = Flask(…), before every other before_request, " +
		"a login included. Then start the server again.",
}

func flaskText(c Change) string {
	var t text
	t.line(`from flask import request`)
	t.line(`from flask_cors import CORS`)
	t.line(``)
	t.line(`CORS(`)
	t.line(`    app,`)
	if c.anyOrigin() {
		t.line(`    origins="*",`)
		t.line(`    send_wildcard=True,`)
	} else {
		t.line(`    origins=[%s],`, strings.Join(each(c.Origins, flaskOrigin), ", "))
		t.line(`    always_send=False,`)
		t.line(`    vary_header=False,  # which it leaves out where Origin is not listed: see below`)
	}
	t.line(`    methods=[%s],`, quoted(`"`, c.everyMethod()))
	t.python(c, "allow_headers", "expose_headers", "supports_credentials")
	t.line(`)`)
	t.line(``)
	t.line(``)
	t.line(`@app.before_request`)
	t.line(`def answer_preflight():`)
	t.line(`    if request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers:`)
	t.line(`        return "", 204`)
	if !c.anyOrigin() {
		t.line(``)
		t.line(``)
		t.line(`@app.after_request`)
		t.line(`def vary_by_origin(response):`)
		t.line(`    response.headers.add("Vary", "Origin")`)
		t.line(`    return response`)
	}
	return t.String()
}

// flaskOrigin writes an origin for Flask-Cors, which takes one with brackets for an
// expression, and begins to match at its start alone.
func flaskOrigin(origin string) string {
	if strings.Contains(origin, "[") {
		return `r"^` + regexp.QuoteMeta(origin) + `$"`
	}
	return `"` + origin + `"`
}

func each(list []string, f func(string) string) (written []string) {
	for _, s := range list {
		written = append(written, f(s))
	}
	return written
}

// python writes the arguments that the layers of Python have under similar names.
func (t *text) python(c Change, headers, exposed, credentials string) {
	if c.Headers != nil {
		t.line(`    %s=[%s],`, headers, quoted(`"`, c.Headers))
	}
	if c.Exposed != nil {
		t.line(`    %s=[%s],`, exposed, quoted(`"`, c.Exposed))
	}
	if c.Credentials {
		t.line(`    %s=True,`, credentials)
	}
	if c.MaxAge != 0 {
		t.line(`    max_age=%s,`, c.seconds())
	}
}

var fastapi = stack{
	name:  "fastapi",
	title: "FastAPI",
	text:  fastapiText,
	where: "This goes to the end of the file that has app = FastAPI(…), after the routes and every add_middleware: " +
		"so it stands outermost, and covers errors too. uvicorn.run(app) comes after it. Then start the server again.",
}

func fastapiText(c Change) string {
	var t text
	class := "CORSMiddleware"
	t.line(`from fastapi.middleware.cors import CORSMiddleware`)
	if !c.anyOrigin() {
		class = "VaryingCORSMiddleware"
		t.line(`from starlette.datastructures import MutableHeaders`)
		t.line(``)
		t.line(``)
		t.line(`class %s(CORSMiddleware):`, class)
		t.line(`    """Tells caches that answers differ by Origin, also where it is not listed."""`)
		t.line(``)
		t.line(`    async def __call__(self, scope, receive, send):`)
		t.line(`        async def send_varying(message):`)
		t.line(`            if message["type"] == "http.response.start":`)
		t.line(`                MutableHeaders(scope=message).append("Vary", "Origin")`)
		t.line(`            await send(message)`)
		t.line(``)
		t.line(`        await super().__call__(scope, receive, send_varying)`)
		t.line(``)
		t.line(``)
	}
	t.line(`app = %s(`, class)
	t.line(`    app,`)
	t.line(`    allow_origins=[%s],`, quoted(`"`, c.Origins))
	t.line(`    allow_methods=[%s],`, quoted(`"`, c.methods()))
	t.python(c, "allow_headers", "expose_headers", "allow_credentials")
	t.line(`)`)
	return t.String()
}

var django = stack{
	name:  "django",
	title: "Django",
	text:  djangoText,
	where: "Run pip install django-cors-headers. This goes to the end of settings.py: " +
		"CorsMiddleware comes before every other middleware, a login included. Then start the server again.",
	complete: "This goes to the end of settings.py, in the place of settings of the same names; " +
		"the origins are added to the list that is there. CorsMiddleware has to come first in MIDDLEWARE. " +
		"Then start the server again.",
}

// What django-cors-headers allows by itself.
var (
	djangoHeaders = []string{"Accept", "Authorization", "Content-Type", "User-Agent", "X-Csrftoken", "X-Requested-With"}
	djangoMethods = []string{"DELETE", "GET", "OPTIONS", "PATCH", "POST", "PUT"}
)

func djangoText(c Change) string {
	var t text
	moreHeaders := without(c.Headers, djangoHeaders)
	moreMethods := without(c.everyMethod(), append([]string{"HEAD"}, djangoMethods...))
	switch {
	case moreHeaders != nil && moreMethods != nil:
		t.line(`from corsheaders.defaults import default_headers, default_methods`)
		t.line(``)
	case moreHeaders != nil:
		t.line(`from corsheaders.defaults import default_headers`)
		t.line(``)
	case moreMethods != nil:
		t.line(`from corsheaders.defaults import default_methods`)
		t.line(``)
	}
	if !c.Layer {
		t.line(`INSTALLED_APPS = [*INSTALLED_APPS, "corsheaders"]`)
		t.line(`MIDDLEWARE = ["corsheaders.middleware.CorsMiddleware", *MIDDLEWARE]`)
	}
	switch {
	case c.anyOrigin():
		t.line(`CORS_ALLOW_ALL_ORIGINS = True`)
	case c.Layer:
		t.line(`CORS_ALLOWED_ORIGINS = [*CORS_ALLOWED_ORIGINS, %s]`, quoted(`"`, c.Origins))
	default:
		t.line(`CORS_ALLOWED_ORIGINS = [%s]`, quoted(`"`, c.Origins))
	}
	if c.Credentials {
		t.line(`CORS_ALLOW_CREDENTIALS = True`)
	}
	if moreMethods != nil {
		t.line(`CORS_ALLOW_METHODS = [*default_methods, %s]`, quoted(`"`, moreMethods))
	}
	if moreHeaders != nil {
		t.line(`CORS_ALLOW_HEADERS = [*default_headers, %s]`, strings.ToLower(quoted(`"`, moreHeaders)))
	}
	if c.Exposed != nil {
		t.line(`CORS_EXPOSE_HEADERS = [%s]`, quoted(`"`, c.Exposed))
	}
	if c.MaxAge != 0 {
		t.line(`CORS_PREFLIGHT_MAX_AGE = %s`, c.seconds())
	}
	return t.String()
}

var rack = stack{
	name:  "rack",
	title: "Rack",
	text:  rackText,
	where: "Run gem install rack-cors, or add it to the Gemfile. This goes to the top of config.ru, " +
		"before every other use and map, a login included. (In Rails it goes into config/initializers/cors.rb, " +
		"and begins with Rails.application.config.middleware.insert_before 0, Rack::Cors do.) " +
		"Then start the server again.",
}

func rackText(c Change) string {
	methods := ":any"
	if !slices.Contains(c.Methods, "*") || len(c.named()) > 0 {
		methods = "[" + strings.Join(each(c.everyMethod(), rackMethod), ", ") + "]"
	}
	options := []field{{"methods", methods}}
	switch {
	case c.anyHeader():
		options = append(options, field{"headers", ":any"})
	case c.Headers != nil:
		options = append(options, field{"headers", "[" + quoted(`"`, c.Headers) + "]"})
	}
	if c.Exposed != nil {
		options = append(options, field{"expose", "[" + quoted(`"`, c.Exposed) + "]"})
	}
	if c.Credentials {
		options = append(options, field{"credentials", "true"})
	}
	if c.MaxAge != 0 {
		options = append(options, field{"max_age", c.seconds()})
	}
	var t text
	t.line(`require "rack/cors"`)
	t.line(`use Rack::Cors do`)
	t.line(`  allow do`)
	t.line(`    origins %s`, strings.Join(each(c.Origins, rackOrigin), ", "))
	t.line(`    resource "*",`)
	for i, o := range options {
		comma := ","
		if i == len(options)-1 {
			comma = ""
		}
		t.line(`      %s: %s%s`, o.name, o.value, comma)
	}
	t.line(`  end`)
	t.line(`end`)
	return t.String()
}

// rackOrigin writes an origin for rack-cors, which knows no schemes but http and https.
func rackOrigin(origin string) string {
	if origin == "*" || strings.HasPrefix(origin, "http://") || strings.HasPrefix(origin, "https://") {
		return `"` + origin + `"`
	}
	return `%r{\A` + regexp.QuoteMeta(origin) + `\z}`
}

// rackMethod writes a method for rack-cors, which compares them in lower case.
func rackMethod(name string) string {
	if lower := strings.ToLower(name); plainSymbol.MatchString(lower) {
		return ":" + lower
	}
	return `"` + strings.ToLower(name) + `"`
}

var plainSymbol = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)

var php = stack{
	name:  "php",
	title: "PHP",
	text:  phpText,
	where: "This goes to the top of the script that all requests pass, such as index.php: right after <?php, declare, " +
		"namespace and use, before any output, the session, and a login.",
}

func phpText(c Change) string {
	var t text
	t.line(`(static function (): void {`)
	indent := "    "
	if c.anyOrigin() {
		t.line(`    header('Access-Control-Allow-Origin: *');`)
	} else {
		t.line(`    header('Vary: Origin', false);`)
		t.line(`    $origin = $_SERVER['HTTP_ORIGIN'] ?? '';`)
		t.line(`    if (in_array($origin, [%s], true)) {`, quoted(`'`, c.Origins))
		t.line(`        header("Access-Control-Allow-Origin: $origin");`)
		indent = "        "
	}
	for _, h := range c.headerLines() {
		t.line(`%sheader('%s: %s');`, indent, h.name, h.value)
	}
	if !c.anyOrigin() {
		t.line(`    }`)
	}
	t.line(`    $preflight = isset($_SERVER['HTTP_ACCESS_CONTROL_REQUEST_METHOD']);`)
	t.line(`    if ($_SERVER['REQUEST_METHOD'] === 'OPTIONS' && $preflight) {`)
	t.line(`        http_response_code(204);`)
	t.line(`        exit;`)
	t.line(`    }`)
	t.line(`})();`)
	return t.String()
}
