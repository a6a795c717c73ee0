package stacks

import (
	"regexp"
	"strings"
)

// The servers that often stand in front of an application.

var nginx = stack{
	name:  "nginx",
	title: "nginx",
	text:  nginxText,
	where: "The first part goes into http { }, outside of server { }: to the top of a file in sites-enabled or conf.d. " +
		"The second goes into server { }, before every if and location. A location with an add_header of its own " +
		"takes over none of these: repeat them there. Then nginx -s reload.",
}

func nginxText(c Change) string {
	var t text
	t.line(`# In http { }`)
	value := "*"
	if !c.anyOrigin() {
		value = "$cors_origin"
		t.line(`map $http_origin $cors_origin {`)
		t.line(`    default "";`)
		for _, origin := range c.Origins {
			// Long names do not fit in the buckets of nginx's hash. Expressions are not in it.
			if len(origin) > 40 {
				origin = "~^" + regexp.QuoteMeta(origin) + "$"
			}
			t.line(`    "%s" $http_origin;`, origin)
		}
		t.line(`}`)
	}
	t.line(`map "$request_method $http_access_control_request_method" $cors_preflight {`)
	t.line(`    default "";`)
	t.line(`    "~^OPTIONS ." 1;`)
	t.line(`}`)
	t.line(``)
	t.line(`# In server { }`)
	t.line(`add_header Access-Control-Allow-Origin %s always;`, value)
	for _, h := range c.headerLines() {
		t.line(`add_header %s "%s" always;`, h.name, h.value)
	}
	if !c.anyOrigin() {
		t.line(`add_header Vary Origin always;`)
	}
	t.line(`if ($cors_preflight) {`)
	t.line(`    return 204;`)
	t.line(`}`)
	return t.String()
}

var apache = stack{
	name:  "apache",
	title: "Apache",
	text:  apacheText,
	where: "Run a2enmod headers rewrite setenvif. This goes into <VirtualHost>, before every Rewrite line, " +
		"outside of <Directory> and <Location>; in .htaccess it would come after a login. Then apachectl graceful.",
}

func apacheText(c Change) string {
	var t text
	value, condition := `"*"`, ""
	if !c.anyOrigin() {
		value, condition = `"%{CORS_ORIGIN}e"`, " env=CORS_ORIGIN"
		for _, origin := range c.Origins {
			t.line(`SetEnvIf Origin "^%s$" CORS_ORIGIN=$0`, regexp.QuoteMeta(origin))
		}
	}
	t.line(`Header always set Access-Control-Allow-Origin %s%s`, value, condition)
	for _, h := range c.headerLines() {
		t.line(`Header always set %s "%s"%s`, h.name, h.value, condition)
	}
	if !c.anyOrigin() {
		t.line(`Header always append Vary Origin`)
	}
	t.line(`RewriteEngine On`)
	t.line(`RewriteCond %%{REQUEST_METHOD} =OPTIONS`)
	t.line(`RewriteCond %%{HTTP:Access-Control-Request-Method} .`)
	t.line(`RewriteRule ^ - [R=204,L]`)
	return t.String()
}

var caddy = stack{
	name:  "caddy",
	title: "Caddy",
	text:  caddyText,
	where: "This goes into the block of the site. What the site has now moves into the last handle { }, a login " +
		"included; bind, tls and log stay outside. Then caddy reload.",
}

func caddyText(c Change) string {
	var t text
	matcher, value := "", "*"
	if !c.anyOrigin() {
		matcher, value = "@cors_origin ", "{http.request.header.Origin}"
		t.line(`@cors_origin {`)
		for _, origin := range c.Origins {
			t.line("\theader Origin %s", origin)
		}
		t.line(`}`)
		t.line(`header +Vary Origin`)
	}
	t.line(`@cors_preflight {`)
	t.line("\tmethod OPTIONS")
	t.line("\theader Access-Control-Request-Method *")
	t.line(`}`)
	t.line(`header %s{`, matcher)
	t.line("\tAccess-Control-Allow-Origin %s", value)
	for _, h := range c.headerLines() {
		t.line("\t%s \"%s\"", h.name, h.value)
	}
	t.line(`}`)
	t.line(`handle @cors_preflight {`)
	t.line("\trespond 204")
	t.line(`}`)
	t.line(`handle {`)
	t.line("\t# What the site has now moves here.")
	t.line(`}`)
	return t.String()
}

var haproxy = stack{
	name:  "haproxy",
	title: "HAProxy",
	text:  haproxyText,
	where: "This goes into the frontend or listen section, before every other http-request line, a login included, " +
		"and every use_backend. It needs mode http, and HAProxy 2.2 or newer. Then reload it.",
}

func haproxyText(c Change) string {
	var t text
	value, condition := "*", ""
	if !c.anyOrigin() {
		value, condition = `"%[var(txn.cors_origin)]"`, " if cors_listed"
		for _, origin := range c.Origins {
			t.line(`acl cors_listed var(txn.cors_origin) -m str %s`, origin)
		}
		t.line(`http-request set-var(txn.cors_origin) req.fhdr(Origin)`)
	}
	t.line(`acl cors_preflight req.fhdr(Access-Control-Request-Method) -m found`)
	t.line(`http-request return status 204 if METH_OPTIONS cors_preflight`)
	t.line(`http-after-response set-header Access-Control-Allow-Origin %s%s`, value, condition)
	for _, h := range c.headerLines() {
		t.line(`http-after-response set-header %s "%s"%s`, h.name, h.value, condition)
	}
	if !c.anyOrigin() {
		t.line(`http-after-response add-header Vary Origin`)
	}
	return t.String()
}

var tomcat = stack{
	name:      "tomcat",
	title:     "Tomcat",
	text:      tomcatText,
	namesOnly: true,
	where: "This goes into WEB-INF/web.xml, right after <web-app …>, before every other filter. " +
		"Then start the application again. A login of <login-config> stands before every filter: " +
		"its Valve in META-INF/context.xml needs allowCorsPreflight=\"filter\".",
}

func tomcatText(c Change) string {
	params := []field{{"cors.allowed.origins", strings.Join(c.Origins, ",")}}
	// The filter also refuses calls, and not only preflights, with a method that is not listed.
	methods := unique(append(c.everyMethod(), "OPTIONS"))
	params = append(params, field{"cors.allowed.methods", strings.Join(methods, ",")})
	if c.Headers != nil {
		params = append(params, field{"cors.allowed.headers", strings.Join(c.Headers, ",")})
	}
	if c.Exposed != nil {
		params = append(params, field{"cors.exposed.headers", strings.Join(c.Exposed, ",")})
	}
	if c.Credentials {
		params = append(params, field{"cors.support.credentials", "true"})
	}
	if c.MaxAge != 0 {
		params = append(params, field{"cors.preflight.maxage", c.seconds()})
	}
	var t text
	t.line(`<filter>`)
	t.line(`  <filter-name>cors</filter-name>`)
	t.line(`  <filter-class>org.apache.catalina.filters.CorsFilter</filter-class>`)
	t.line(`  <async-supported>true</async-supported>`)
	for _, p := range params {
		t.line(`  <init-param>`)
		t.line(`    <param-name>%s</param-name>`, p.name)
		t.line(`    <param-value>%s</param-value>`, p.value)
		t.line(`  </init-param>`)
	}
	t.line(`</filter>`)
	t.line(`<filter-mapping>`)
	t.line(`  <filter-name>cors</filter-name>`)
	t.line(`  <url-pattern>/*</url-pattern>`)
	t.line(`</filter-mapping>`)
	return t.String()
}
