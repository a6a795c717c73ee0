package interop_test

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/cors/internal/stacks"
	"example.com/cors/internal/test/live"
)

const (
	// stackOrigin is what the configurations list that are as they should be.
	stackOrigin = "https://app.example.com"
	// stackLogin is what the logins in front of the servers want to see.
	stackLogin = "Basic YWRhOnNlY3JldA=="
	// stackBody is what a user is.
	stackBody = `{"id":7}`
)

// A stackServer is a real server, to which the advice of corscheck is applied. Its
// files are in the folder stacks. Where the advice goes, one has a line "@here cors".
// A line with "@only login" is there only if a login is wanted.
type stackServer struct {
	name    string // as in stacks.Names
	program string // for unavailable
	file    string // to which the advice goes

	// places are the parts of the text, by the mark in the file where they go. Nil means
	// one part, at "@here cors".
	places func(text string) map[string]string
	// finish does what else the advice says.
	finish func(source string) string

	// start starts what is in the folder: the file, filled in. It returns the server's
	// host and port; or an error, if the server is not installed.
	start func(t testing.TB, folder string, flags []string) (host string, err error)

	// named says that the server's headers name the stack.
	named bool

	// takesOptions says that the layer answers every OPTIONS, preflight or not.
	takesOptions bool

	// fixed are the flags with which a login lets preflights pass, if the lines alone do
	// not do that.
	fixed []string

	// layers are the configurations besides "none" and "right", by name.
	layers map[string]stackLayer

	// method and header are the causes if the layer refuses a method or a header that it
	// does not list; "" if it grants the rest, so that the verdict says all.
	method, header string
}

// A stackLayer is a CORS layer that is not as it should be.
type stackLayer struct {
	text  string                   // "" means that of the advice
	edit  func(text string) string // of the advice, if it is not nil
	place string                   // "" means where the advice goes
	flags []string                 // the lines of the file that are wanted

	get, put string // the causes of the calls of these names
	stranger bool   // the calls of an origin that is not listed are cases too
}

// lines returns the source with the lines that the flags ask for, and with the texts in
// their places.
func stackLines(source string, flags []string, texts map[string]string) string {
	var b strings.Builder
	for line := range strings.Lines(source) {
		if m := stackMark.FindStringSubmatchIndex(line); m != nil {
			kind, name := line[m[2]:m[3]], line[m[4]:m[5]]
			code := line[:m[0]]
			switch {
			case kind == "only" && slices.Contains(flags, name):
				line = strings.TrimRight(code, " \t") + "\n"
			case kind == "here" && texts[name] != "":
				line = texts[name] + "\n"
			default:
				line = ""
			}
		}
		b.WriteString(line)
	}
	return b.String()
}

var stackMark = regexp.MustCompile(`(?://|#|<!--) @(here|only) ([a-z-]+)( -->)?\n`)

// put returns the source with the text where the advice says.
func (s *stackServer) put(source, text string, flags []string) string {
	texts := map[string]string{"cors": text}
	if s.places != nil {
		texts = s.places(text)
	}
	source = stackLines(source, flags, texts)
	if s.finish != nil {
		source = s.finish(source)
	}
	return source
}

// source returns the file of the server, as it is in the folder stacks.
func (s *stackServer) source(t testing.TB) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join("stacks", s.file))
	require.NoError(t, err)
	return string(content)
}

// configured returns the file in one of the configurations, and the flags that it has.
func (s *stackServer) configured(t testing.TB, configuration string, c stacks.Change) (source string, flags []string) {
	t.Helper()
	source = s.source(t)
	text := s.advice(t, c).Text
	switch configuration {
	case "none":
		return stackLines(source, nil, nil), nil
	case "right":
		return s.put(source, text, nil), nil
	}
	layer, ok := s.layers[configuration]
	require.True(t, ok, "%s has no configuration %q", s.name, configuration)
	switch {
	case layer.text != "":
		text = strings.NewReplacer("ORIGIN", c.Origins[0]).Replace(layer.text)
	case layer.edit != nil:
		text = layer.edit(text)
	}
	if layer.place == "" {
		return s.put(source, text, layer.flags), layer.flags
	}
	texts := map[string]string{layer.place: text, "import": `"example.com/cors"`}
	return stackLines(source, layer.flags, texts), layer.flags
}

// run starts the server with a source in the place of its file.
func (s *stackServer) run(t testing.TB, source string, flags []string) (url string, err error) {
	t.Helper()
	folder := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(folder, s.file), []byte(source), 0o600))
	host, err := s.start(t, folder, flags)
	return "http://" + host, err
}

func (s *stackServer) advice(t testing.TB, c stacks.Change) stacks.Advice {
	t.Helper()
	a, err := stacks.For(s.name, c)
	require.NoError(t, err)
	require.Empty(t, a.LeftOut)
	return a
}

// stackChange allows what the calls of the tests need.
func stackChange(origins ...string) stacks.Change {
	return stacks.Change{
		Origins: origins, Methods: []string{"PUT"}, Headers: []string{"Authorization", "Content-Type"},
		Credentials: true, MaxAge: 10 * time.Minute,
	}
}

// startStack starts a server in one of its configurations, and returns its URL without
// a path. See stackCases for the names. It skips or fails t if the server is not
// installed.
func startStack(t testing.TB, name, configuration string) (url string) {
	t.Helper()
	servers := stackServers()
	i := slices.IndexFunc(servers, func(s *stackServer) bool { return s.name == name })
	require.GreaterOrEqual(t, i, 0, "there is no stack %q", name)
	source, flags := servers[i].configured(t, configuration, stackChange(stackOrigin))
	url, err := servers[i].run(t, source, flags)
	if err != nil {
		unavailable(t, servers[i].program, err.Error())
	}
	return url
}

// A stackCase is a call to a server, and why it fails.
type stackCase struct {
	stack, configuration, call string
	args                       []string // of corscheck, before the URL, which ends with /users/7
	cause                      string   // see stackCases
}

// causeNoLayer is the cause of a GET that no layer answered. It has no preflight, whose
// answer would say more.
const causeNoLayer = "no-layer"

// stackCases are calls to each server as it should be ("right"), without a CORS layer
// ("none"), and in configurations that people have. The cause is the id of a note, ""
// if the call is allowed or the verdict says all.
func stackCases() (cases []stackCase) {
	call := func(args ...string) []string { return append([]string{"-origin", stackOrigin}, args...) }
	put := []string{
		"-credentials", "-X", "PUT", "-H", "Content-Type: application/json", "-H", "Authorization: " + stackLogin,
		"-d", stackBody,
	}
	for _, s := range stackServers() {
		add := func(configuration, name, cause string, args ...string) {
			cases = append(cases, stackCase{s.name, configuration, name, args, cause})
		}
		addStranger := func(configuration string) {
			other := []string{"-origin", "https://other.example"}
			add(configuration, "origin", "origin-not-listed", other...)
			add(configuration, "origin-put", "origin-not-listed", slices.Concat(other, put)...)
		}
		add("right", "get", "", call()...)
		add("right", "get-credentials", "", call("-credentials")...)
		add("right", "put", "", call(put...)...)
		addStranger("right")
		add("right", "method", s.method, call("-X", "PURGE")...)
		add("right", "header", s.header, call("-H", "X-Other: 1")...)
		add("none", "get", causeNoLayer, call()...)
		add("none", "put", "options-not-routed", call(put...)...)
		for name, layer := range s.layers {
			add(name, "get", layer.get, call()...)
			add(name, "put", layer.put, call(put...)...)
			if layer.stranger {
				addStranger(name)
			}
		}
	}
	return cases
}

// behindLogin is a layer to which preflights do not come.
func behindLogin(place, text string) stackLayer {
	return stackLayer{
		place: place, text: text, flags: []string{"login"}, get: "login-before-cors", put: "login-before-cors",
	}
}

// fastapiTutorial is what FastAPI's own documentation has.
const fastapiTutorial = `from fastapi.middleware.cors import CORSMiddleware
app.add_middleware(
    CORSMiddleware,
    allow_origins=["ORIGIN"],
    allow_credentials=True,
    allow_methods=["*"],
    allow_headers=["*"],
)`

// apacheTutorial leaves out errors, and OPTIONS.
const apacheTutorial = `Header set Access-Control-Allow-Origin "ORIGIN"
Header set Access-Control-Allow-Credentials true
Header set Access-Control-Allow-Methods "GET, PUT"
Header set Access-Control-Allow-Headers "Authorization, Content-Type"`

// stackServers are in the order of stacks.Names.
func stackServers() []*stackServer {
	return []*stackServer{
		{
			name: "go", program: "go", file: "main.go", start: startGoStack,
			places: func(text string) map[string]string {
				imports := `"example.com/cors"`
				if strings.Contains(text, "time.") {
					imports += "\n" + `"time"`
				}
				return map[string]string{"cors": text, "import": imports}
			},
			finish: func(source string) string {
				return strings.Replace(source, "(listener, mux)", "(listener, handler)", 1)
			},
			layers: map[string]stackLayer{
				"login": behindLogin("inside", `mux = cors.New(cors.Options{
					AllowedOrigins: []string{"ORIGIN"}, AllowedMethods: []string{"PUT"},
				})(mux)`),
				"route": {
					place: "inside", put: "options-not-routed",
					text: `allow := cors.New(cors.Options{AllowedOrigins: []string{"ORIGIN"}})
						routes := http.NewServeMux()
						routes.Handle("GET /users/7", allow(router))
						routes.Handle("PUT /users/7", allow(router))
						mux = routes`,
				},
			},
		},
		{
			name: "express", program: "node", named: true,
			file: "express.js", takesOptions: true, start: startNodeStack("express.js"),
			layers: map[string]stackLayer{
				"login": behindLogin("after-login", ""),
				"late":  {place: "late", get: "not-covered", put: "not-covered"},
				"stock": {text: `app.use(require("cors")({ origin: "ORIGIN", credentials: true }));`, stranger: true},
				"route": {
					text: `app.get("/users/7", require("cors")({ origin: ["ORIGIN"], credentials: true }));`,
					put:  "options-not-routed",
				},
			},
		},
		{
			name: "fastify", program: "node", file: "fastify.mjs", takesOptions: true, start: startNodeStack("fastify.mjs"),
			layers: map[string]stackLayer{
				"login": behindLogin("after-login", ""),
				"stock": {
					text: `import cors from "@fastify/cors";
						fastify.register(cors, { origin: "ORIGIN", methods: ["GET", "PUT"], credentials: true });`,
					stranger: true,
				},
				"late": {
					text: `import cors from "@fastify/cors";
						fastify.register(async (child) => {
							await child.register(cors, { origin: ["ORIGIN"], methods: ["GET", "PUT"], credentials: true });
						});`,
					get: "not-covered", put: "not-covered",
				},
			},
		},
		{
			name: "koa", program: "node", file: "koa.js", start: startNodeStack("koa.js"),
			layers: map[string]stackLayer{
				"login": behindLogin("after-login", ""),
				"stock": {
					text:     `app.use(require("@koa/cors")({ origin: "ORIGIN", credentials: true }));`,
					stranger: true,
				},
				"late": {place: "late", get: "not-covered", put: "not-covered"},
			},
		},
		{
			name: "nginx", program: "nginx", named: true, file: "nginx.conf", start: startNginxStack,
			places: func(text string) map[string]string {
				http, server, _ := strings.Cut(text, "# In server { }\n")
				return map[string]string{"http": http, "server": server}
			},
			layers: map[string]stackLayer{
				"login": {
					place: "server", flags: []string{"login"}, get: "login-before-cors", put: "login-before-cors",
					text: `if ($http_authorization = "") { return 401; }
						if ($http_origin = "ORIGIN") { set $listed $http_origin; }
						add_header Access-Control-Allow-Origin $listed;
						add_header Vary Origin;`,
				},
				"late": {flags: []string{"own-header"}, get: "not-covered", put: "not-covered"},
				"tutorial": {
					place: "server", put: "options-not-routed",
					text: `add_header Access-Control-Allow-Origin "ORIGIN";
						add_header Access-Control-Allow-Credentials true;
						add_header Access-Control-Allow-Methods "GET, PUT";
						add_header Access-Control-Allow-Headers "Authorization, Content-Type";`,
				},
			},
		},
		{
			name: "apache", program: "apache2", named: true, file: "httpd.conf", start: startApacheStack,
			layers: map[string]stackLayer{
				"login":    behindLogin("", apacheTutorial),
				"tutorial": {text: apacheTutorial, put: "options-not-routed"},
			},
		},
		{
			name: "caddy", program: "caddy", named: true, file: "Caddyfile", start: startCaddyStack,
			finish: func(source string) string {
				before, site, _ := strings.Cut(source, "# @site\n")
				site, after, _ := strings.Cut(site, "# @end\n")
				if !strings.Contains(before, "# What the site has now moves here.\n") {
					return source
				}
				return strings.Replace(before, "# What the site has now moves here.\n", site, 1) + after
			},
			layers: map[string]stackLayer{
				"login": {
					text: `@listed header Origin ORIGIN
						@preflight method OPTIONS
						header +Vary Origin
						handle @preflight {
							header @listed Access-Control-Allow-Origin ORIGIN
							respond 204
						}`,
					flags: []string{"login"}, get: "login-before-cors", put: "login-before-cors",
				},
				"late": {
					text: `@listed header Origin ORIGIN
						@preflight method OPTIONS
						handle @preflight {
							header @listed {
								Access-Control-Allow-Origin ORIGIN
								Access-Control-Allow-Credentials true
								Access-Control-Allow-Methods "GET, PUT"
								Access-Control-Allow-Headers "Authorization, Content-Type"
							}
							header +Vary Origin
							respond 204
						}`,
					get: "not-covered", put: "not-covered",
				},
			},
		},
		{
			name: "haproxy", program: "haproxy", file: "haproxy.cfg", start: startHAProxyStack,
			layers: map[string]stackLayer{
				"login": {
					place: "after-login", flags: []string{"login"}, get: "login-before-cors", put: "login-before-cors",
					text: `http-request set-var(txn.origin) req.fhdr(Origin)
						http-request return status 204 if METH_OPTIONS
						http-response set-header Access-Control-Allow-Origin ORIGIN if { var(txn.origin) -m str ORIGIN }`,
				},
				"late": {
					text: `http-request return status 204 hdr Access-Control-Allow-Origin ORIGIN ` +
						`hdr Access-Control-Allow-Credentials true hdr Access-Control-Allow-Methods "GET, PUT" ` +
						`hdr Access-Control-Allow-Headers "Authorization, Content-Type" hdr Vary Origin ` +
						`if METH_OPTIONS { req.fhdr(Origin) -m str ORIGIN }`,
					get: "not-covered", put: "not-covered",
				},
			},
		},
		{
			name: "flask", program: "python", named: true,
			file: "flask_app.py", start: startPythonStack("flask, flask_cors", "flask_app.py"),
			layers: map[string]stackLayer{
				// The 401 has the layer's headers, so that the page may read it.
				"login": {place: "after-login", flags: []string{"login"}, put: "login-before-cors"},
				"stock": {
					text: "from flask_cors import CORS\n" +
						`CORS(app, origins=["ORIGIN"], supports_credentials=True)`,
					stranger: true,
				},
			},
		},
		{
			name: "fastapi", program: "python", named: true,
			file: "fastapi_app.py", start: startPythonStack("fastapi, uvicorn", "fastapi_app.py"),
			layers: map[string]stackLayer{
				"login": behindLogin("inside", fastapiTutorial),
				"stock": {text: fastapiTutorial, place: "inside", stranger: true},
			},
			method: "cors-refused", header: "cors-refused",
		},
		{
			name: "django", program: "python", named: true, file: "settings.py", start: startDjangoStack,
			layers: map[string]stackLayer{
				"login": {
					edit: func(text string) string {
						const middleware = `"corsheaders.middleware.CorsMiddleware"`
						return strings.Replace(text, middleware+", *MIDDLEWARE", "*MIDDLEWARE, "+middleware, 1)
					},
					flags: []string{"login"}, get: "login-before-cors", put: "login-before-cors",
				},
			},
		},
		{
			name: "rack", program: "ruby", file: "config.ru", start: startRackStack,
			layers: map[string]stackLayer{"login": behindLogin("after-login", "")},
			method: "cors-refused", header: "cors-refused",
		},
		{
			name: "php", program: "php", named: true, file: "index.php", start: startPHPStack,
			layers: map[string]stackLayer{
				"login": behindLogin("after-login", ""),
				"tutorial": {
					text: "header('Access-Control-Allow-Origin: ORIGIN');\n" +
						"header('Access-Control-Allow-Credentials: true');",
					put: "options-not-routed",
				},
			},
		},
		{
			name: "tomcat", program: "tomcat", file: "web.xml", start: startTomcatStack, fixed: []string{"login-passes"},
			layers: map[string]stackLayer{"login": behindLogin("", "")},
			method: "cors-refused", header: "cors-refused",
		},
	}
}

// printed runs a program that prints the port on which it listens.
func printed(t testing.TB, folder, program string, args ...string) (host string, err error) {
	t.Helper()
	path, err := exec.LookPath(program)
	if err != nil {
		return "", err
	}
	cmd := exec.Command(path, args...)
	cmd.Dir = folder
	cmd.Env = append(os.Environ(), "PYTHONDONTWRITEBYTECODE=1", "NODE_ENV=production")
	cmd.Stderr = stackLog(t, program)
	port, err := strconv.Atoi(strings.TrimSpace(firstLine(t, cmd)))
	require.NoError(t, err, "%s prints no port", cmd)
	return fmt.Sprintf("127.0.0.1:%d", port), nil
}

// firstLine starts cmd, and returns the line that it prints, which is all that it prints:
// no pipe breaks.
func firstLine(t testing.TB, cmd *exec.Cmd) string {
	t.Helper()
	stdout, w, err := os.Pipe()
	require.NoError(t, err)
	defer stdout.Close()
	cmd.Stdout = w
	live.Start(t, cmd)
	require.NoError(t, w.Close()) // cmd has its own
	require.NoError(t, stdout.SetReadDeadline(time.Now().Add(time.Minute)))
	line, err := bufio.NewReader(stdout).ReadString('\n')
	require.NoError(t, err, "%s does not start", cmd)
	return line
}

// stackLog is a file for what a server writes, which is shown if t fails.
func stackLog(t testing.TB, program string) *os.File {
	t.Helper()
	f, err := os.CreateTemp(t.TempDir(), "log")
	require.NoError(t, err)
	t.Cleanup(func() {
		if content, _ := os.ReadFile(f.Name()); t.Failed() && len(content) > 0 {
			t.Logf("%s wrote:\n%.1000s", program, content)
		}
		f.Close()
	})
	return f
}

// listening runs a program that is told where to listen. The port is free when it is
// chosen. Another program may take it before, so that this tries again.
func listening(t testing.TB, program string, command func(path, host string) *exec.Cmd) (host string, err error) {
	t.Helper()
	path, err := exec.LookPath(program)
	if err != nil {
		path, err = exec.LookPath("/usr/sbin/" + program)
	}
	if err != nil {
		return "", err
	}
	var log *os.File
	for range 3 {
		host = freeHosts(t, []string{"host"})["host"]
		cmd := command(path, host)
		log = stackLog(t, program)
		cmd.Stdout, cmd.Stderr = log, log
		if listens(t, host, live.Start(t, cmd)) {
			return host, nil
		}
	}
	content, _ := os.ReadFile(log.Name())
	require.Fail(t, program+" does not start", "%.3000s", content)
	return "", nil
}

// listens waits until somebody listens on the host, and reports false if the program
// ends before.
func listens(t testing.TB, host string, ended <-chan struct{}) bool {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(10 * time.Millisecond) {
		if conn, err := net.Dial("tcp", host); err == nil {
			conn.Close()
			return true
		}
		select {
		case <-ended:
			return false
		default:
			require.True(t, time.Now().Before(deadline), "nobody listens on %s", host)
		}
	}
}

// rewrite replaces words in a file.
func rewrite(t testing.TB, path string, pairs ...string) {
	t.Helper()
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	writeFile(t, path, strings.NewReplacer(pairs...).Replace(string(content)))
}

func writeFile(t testing.TB, path, content string) {
	t.Helper()
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
	require.NoError(t, os.WriteFile(path, []byte(content), 0o644))
}

// startGoStack builds the program in this module, which has the package.
func startGoStack(t testing.TB, folder string, _ []string) (string, error) {
	t.Helper()
	program := filepath.Join(folder, "users")
	output, err := exec.Command("go", "build", "-o", program, filepath.Join(folder, "main.go")).CombinedOutput()
	require.NoError(t, err, "%s", output)
	return printed(t, folder, program)
}

// startNodeStack returns what runs a program on Node.js.
func startNodeStack(file string) func(testing.TB, string, []string) (string, error) {
	return func(t testing.TB, folder string, _ []string) (string, error) {
		t.Helper()
		modules, err := nodeModules()
		if err != nil {
			return "", err
		}
		require.NoError(t, os.Symlink(modules, filepath.Join(folder, "node_modules")))
		return printed(t, folder, "node", file)
	}
}

// nodeModules installs the packages of the folder stacks, once for all tests.
var nodeModules = sync.OnceValues(func() (folder string, err error) {
	dir, err := os.MkdirTemp("", "interop")
	if err != nil {
		return "", err
	}
	afterAll = append(afterAll, func() { os.RemoveAll(dir) })
	return filepath.Join(dir, "node_modules"), npmInstallIn(dir, "stacks/package.json", "stacks/package-lock.json")
})

// afterAll is done when all tests have ended.
var afterAll []func()

func TestMain(m *testing.M) {
	code := m.Run()
	for _, f := range afterAll {
		f()
	}
	os.Exit(code)
}

// startPythonStack returns what runs a program on a Python that has the modules.
func startPythonStack(modules, file string) func(testing.TB, string, []string) (string, error) {
	return func(t testing.TB, folder string, _ []string) (string, error) {
		t.Helper()
		python, err := pythonWith(modules)
		if err != nil {
			return "", err
		}
		return printed(t, folder, python, file)
	}
}

func startDjangoStack(t testing.TB, folder string, flags []string) (string, error) {
	t.Helper()
	for _, name := range []string{"urls.py", "django_app.py"} {
		content, err := os.ReadFile(filepath.Join("stacks", name))
		require.NoError(t, err)
		writeFile(t, filepath.Join(folder, name), string(content))
	}
	return startPythonStack("django, corsheaders", "django_app.py")(t, folder, flags)
}

func startNginxStack(t testing.TB, folder string, _ []string) (string, error) {
	t.Helper()
	if _, err := findNginx(); err != nil {
		return "", err
	}
	content, err := os.ReadFile(filepath.Join(folder, "nginx.conf"))
	require.NoError(t, err)
	passwords := filepath.Join(folder, "users")
	writeFile(t, passwords, stackPasswords)
	api := serve(t, userAPI).server.Host
	hosts := runNginx(t, string(content), []string{"host"},
		"http://API", "http://"+api, "auth_basic_user_file users", "auth_basic_user_file "+passwords)
	return hosts["host"], nil
}

// stackPasswords are those of the login, as nginx and Apache read them.
const stackPasswords = "ada:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=\n"

func startApacheStack(t testing.TB, folder string, _ []string) (string, error) {
	t.Helper()
	writeFile(t, filepath.Join(folder, "users"), stackPasswords)
	user := "# runs as who started it"
	if os.Getuid() == 0 { // as whom Apache does not serve
		user = "User www-data"
		require.NoError(t, os.Chmod(filepath.Dir(folder), 0o755))
	}
	api := serve(t, userAPI).server.Host
	config := filepath.Join(folder, "httpd.conf")
	return listening(t, "apache2", func(path, host string) *exec.Cmd {
		rewrite(t, config, "ServerRoot DIR", "ServerRoot "+folder, "USER", user, "Listen HOST", "Listen "+host,
			"http://API/", "http://"+api+"/", "MODULES", "/usr/lib/apache2/modules")
		return exec.Command(path, "-D", "FOREGROUND", "-f", config)
	})
}

func startCaddyStack(t testing.TB, folder string, _ []string) (string, error) {
	t.Helper()
	api := serve(t, userAPI).server.Host
	config := filepath.Join(folder, "Caddyfile")
	return listening(t, "caddy", func(path, host string) *exec.Cmd {
		rewrite(t, config, "http://HOST", "http://"+host, "reverse_proxy API", "reverse_proxy "+api)
		cmd := exec.Command(path, "run", "--config", config, "--adapter", "caddyfile")
		cmd.Env = append(os.Environ(), "HOME="+folder, "XDG_CONFIG_HOME="+folder, "XDG_DATA_HOME="+folder)
		return cmd
	})
}

func startHAProxyStack(t testing.TB, folder string, _ []string) (string, error) {
	t.Helper()
	api := serve(t, userAPI).server.Host
	config := filepath.Join(folder, "haproxy.cfg")
	return listening(t, "haproxy", func(path, host string) *exec.Cmd {
		rewrite(t, config, "bind HOST", "bind "+host, "server api API", "server api "+api)
		return exec.Command(path, "-db", "-f", config)
	})
}

func startRackStack(t testing.TB, folder string, _ []string) (string, error) {
	t.Helper()
	return listening(t, "puma", func(path, host string) *exec.Cmd {
		cmd := exec.Command(path, "--environment", "production", "--bind", "tcp://"+host, "config.ru")
		cmd.Dir = folder
		return cmd
	})
}

func startPHPStack(t testing.TB, folder string, _ []string) (string, error) {
	t.Helper()
	return listening(t, "php", func(path, host string) *exec.Cmd {
		cmd := exec.Command(path, "-S", host, "index.php")
		cmd.Dir = folder
		return cmd
	})
}

// startTomcatStack runs one application in a Tomcat of its own.
func startTomcatStack(t testing.TB, folder string, flags []string) (string, error) {
	t.Helper()
	const home = "/usr/share/tomcat10"
	if _, err := os.Stat(home + "/bin/bootstrap.jar"); err != nil {
		return "", err
	}
	for path, content := range map[string]string{
		"webapps/ROOT/users/7":         stackBody,
		"conf/tomcat-users.xml":        `<tomcat-users><user username="ada" password="secret" roles="user"/></tomcat-users>`,
		"conf/catalina.properties":     "common.loader=\"${catalina.home}/lib/*.jar\"\n",
		"logs/empty":                   "",
		"temp/empty":                   "",
		"webapps/ROOT/WEB-INF/web.xml": "",
	} {
		writeFile(t, filepath.Join(folder, path), content)
	}
	require.NoError(t, os.Rename(filepath.Join(folder, "web.xml"), filepath.Join(folder, "webapps/ROOT/WEB-INF/web.xml")))
	content, err := os.ReadFile("stacks/server.xml")
	require.NoError(t, err)
	valve := ""
	if slices.Contains(flags, "login-passes") {
		valve = `allowCorsPreflight="filter"`
	}
	return listening(t, "java", func(path, host string) *exec.Cmd {
		_, port, _ := net.SplitHostPort(host)
		filled := strings.NewReplacer("PORT", port, "LOGIN", valve).Replace(string(content))
		writeFile(t, filepath.Join(folder, "conf/server.xml"), filled)
		return exec.Command(path, "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xshare:auto",
			"-cp", home+"/bin/bootstrap.jar:"+home+"/bin/tomcat-juli.jar",
			"-Dcatalina.home="+home, "-Dcatalina.base="+folder, "-Djava.io.tmpdir="+filepath.Join(folder, "temp"),
			"org.apache.catalina.startup.Bootstrap", "start")
	})
}
