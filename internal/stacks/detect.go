package stacks

import (
	"net/http"
	"regexp"
	"strings"
)

// A sign is what names a stack in the headers of a response.
type sign struct {
	header  string
	pattern *regexp.Regexp // of one value, in lower case
	stack   string         // "" means one that is not offered
}

// applicationSigns name what an application is written in.
var applicationSigns = []sign{
	{"X-Powered-By", regexp.MustCompile(`^express\b`), "express"},
	{"X-Powered-By", regexp.MustCompile(`^koa\b`), "koa"},
	{"X-Powered-By", regexp.MustCompile(`^fastify\b`), "fastify"},
	{"X-Powered-By", regexp.MustCompile(`^php\b`), "php"},
	{"X-Powered-By", regexp.MustCompile(`\btomcat\b`), "tomcat"},
	{"X-Powered-By", regexp.MustCompile(`^(flask)\b`), "flask"},
	{"X-Powered-By", regexp.MustCompile(`^(fastapi)\b`), "fastapi"},
	{"X-Powered-By", regexp.MustCompile(`^(django)\b`), "django"},
	{"X-Powered-By", regexp.MustCompile(`^(rack|rails|ruby on rails|sinatra|puma)\b`), "rack"},
	{"X-Powered-By", regexp.MustCompile(`^plesk`), "-"}, // names the host of the server, not the application
	{"X-Powered-By", regexp.MustCompile(`.`), ""},

	{"Server", regexp.MustCompile(`^werkzeug\b`), "flask"},
	{"Server", regexp.MustCompile(`^uvicorn\b`), "fastapi"},
	{"Server", regexp.MustCompile(`^wsgiserver\b`), "django"}, // of its runserver
	{"Server", regexp.MustCompile(`^daphne\b`), "django"},
	{"Server", regexp.MustCompile(`^(puma|thin|webrick|falcon)\b`), "rack"},
	{"Server", regexp.MustCompile(`^apache-coyote\b|^(apache )?tomcat\b`), "tomcat"},
	{"Server", regexp.MustCompile(`^php\b`), "php"},
	{"Server", regexp.MustCompile(`^(gunicorn|hypercorn|granian|waitress|cheroot|cherrypy|uwsgi|microsoft-iis|kestrel|` +
		`jetty|undertow|next\.js|tornadoserver|cowboy|mochiweb|aiohttp|deno|restify|phusion passenger|litespeed)\b`), ""},

	{"Set-Cookie", regexp.MustCompile(`^(phpsessid|laravel_session)=`), "php"},
	{"Set-Cookie", regexp.MustCompile(`^connect\.sid=`), "express"},
	{"Set-Cookie", regexp.MustCompile(`^koa[.:]sess=`), "koa"},
	{"Set-Cookie", regexp.MustCompile(`^rack\.session=`), "rack"},
	{"Set-Cookie", regexp.MustCompile(`^csrftoken=`), "django"},
	{"Set-Cookie", regexp.MustCompile(`^(jsessionid|asp\.net_sessionid|\.aspnetcore\.[a-z.]+)=`), ""},
	{"X-Aspnet-Version", regexp.MustCompile(`.`), ""},
	{"X-Runtime", regexp.MustCompile(`^\d+\.\d{3,}$`), "rack"}, // of Rails
	{"X-Rack-Cors", regexp.MustCompile(`.`), "rack"},
	{"X-Rack-Cache", regexp.MustCompile(`.`), "rack"},
}

// proxySigns name what may also stand in front of an application.
var proxySigns = []sign{
	{"Server", regexp.MustCompile(`^(nginx|openresty)\b`), "nginx"}, // OpenResty is nginx, with its configuration
	{"Server", regexp.MustCompile(`^apache(/|$|\s*\()`), "apache"},
	{"Server", regexp.MustCompile(`^caddy\b`), "caddy"},
	{"Server", regexp.MustCompile(`^haproxy\b`), "haproxy"},
	{"Via", regexp.MustCompile(`^\S+ caddy\b`), "caddy"},
	{"Via", regexp.MustCompile(`^\S+ haproxy\b`), "haproxy"},
}

// Detect returns the stack that a response names. An application goes before the proxy
// in front of it: most have their CORS layer there. It reports false if the response
// names none, several, or an application that is none of [Names].
func Detect(h http.Header) (name string, ok bool) {
	for _, signs := range [][]sign{applicationSigns, proxySigns} {
		named := namedBy(h, signs)
		switch {
		case len(named) > 1:
			return "", false
		case len(named) == 1:
			return named[0], named[0] != ""
		}
	}
	return "", false
}

// namedBy returns each stack that is named, "" among them if it is one that is not
// offered.
func namedBy(h http.Header, signs []sign) (named []string) {
	const most = 20 // values of a header that are looked at
	for header := range signHeaders(signs) {
		values := h[header]
		for _, value := range values[:min(len(values), most)] {
			parts := []string{value}
			if header != "Set-Cookie" {
				parts = strings.Split(value, ",")
			}
			for _, part := range parts[:min(len(parts), most)] {
				if stack, found := namedIn(header, strings.ToLower(strings.TrimSpace(part)), signs); found {
					named = append(named, stack)
				}
			}
		}
	}
	named = unique(named)
	if len(named) > 1 { // such as ASP.NET, which IIS adds to PHP
		named = without(named, []string{""})
	}
	return named
}

func signHeaders(signs []sign) map[string]bool {
	headers := make(map[string]bool)
	for _, s := range signs {
		headers[s.header] = true
	}
	return headers
}

// namedIn returns what the first sign that fits says.
func namedIn(header, value string, signs []sign) (stack string, found bool) {
	for _, s := range signs {
		if s.header == header && s.pattern.MatchString(value) {
			return s.stack, s.stack != "-"
		}
	}
	return "", false
}
