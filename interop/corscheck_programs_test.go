package interop_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/cors"
	"example.com/cors/internal/test/live"
)

// programServers are the servers that are programs of their own. Their
// configurations are in the folder corscheck.
func programServers() []checkedServer {
	return []checkedServer{
		{
			name: "Express cors", program: "node",
			start: startCheckedExpress,
			configurations: []configuration{
				{name: "listed", shown: "`origin: […]`, `credentials: true`", listed: true},
				{name: "defaults", shown: "`cors()`", findings: "any-origin info, preflight-uncached info"},
				{
					name: "reflect", shown: "`origin: true`, `credentials: true`",
					findings: "any-origin high", know: "`true` means everybody.",
				},
				{
					name: "regexp", shown: "`origin: /example\\.com$/`, `credentials: true`",
					findings: "suffix-match high, insecure-scheme medium",
					know:     "Begin with `^https:\\/\\/`, and have a dot before the domain.",
				},
				{
					name: "any-scheme", shown: "`origin: /^https?:\\/\\/app\\.example\\.com$/`, `credentials: true`",
					findings: "insecure-scheme medium", know: "Leave out the `?`.",
				},
				{
					name: "star", shown: "`origin: \"*\"`, `credentials: true`",
					findings: "ineffective medium, any-origin info", know: "List the origins.",
				},
				{
					name: "after-login", shown: "`app.use(login, cors(…))`", findings: "preflight-fails medium",
					know: "Put `cors(…)` before the login.",
				},
				{
					name: "on-route", shown: "`app.get(\"/users/7\", cors(…), …)`",
					findings: "preflight-fails medium, errors-unreadable low",
					know:     "Express answers OPTIONS itself, without CORS headers. Write `app.use(cors(…))`.",
				},
			},
		},
		{
			name: "Starlette CORSMiddleware", program: "python",
			start: startPython("starlette, uvicorn", "starlette_server.py"),
			configurations: []configuration{
				{
					name:  "listed",
					shown: "`allow_origins=[…]`, `allow_credentials=True`, `Vary: Origin` added around it", listed: true,
				},
				{
					name: "stock", shown: "`allow_origins=[…]`, `allow_credentials=True`", findings: "vary-missing medium",
					know: "Add `Vary: Origin` around it. It has no Vary where Origin is missing or not listed.", listed: true,
				},
				{
					name: "star", shown: "`allow_origins=[\"*\"]`", findings: "vary-missing medium, any-origin info",
					know: "It sends `*` only to requests with Origin, and has no Vary: a cache may keep the answer without it.",
				},
				{
					name: "star-credentials", shown: "`allow_origins=[\"*\"]`, `allow_credentials=True`",
					findings: "any-origin high, vary-missing medium",
					know:     "It echoes the origin to preflights and to requests with a cookie: that lets everybody in.",
				},
				{
					name:     "any-port",
					shown:    "`allow_origin_regex=r\"https://app\\.example\\.com(:\\d+)?\"`, `Vary: Origin` added around it",
					findings: "any-port low",
				},
				{
					name: "regex-subdomains",
					shown: "`allow_origin_regex=r\"https://.*example\\.com\"`, `allow_credentials=True`, `Vary: Origin` added " +
						"around it",
					findings: "suffix-match high", know: "Write `https://([a-z0-9-]+\\.)*example\\.com`.",
				},
			},
		},
		{
			name: "django-cors-headers", program: "python",
			start: startPython("django, corsheaders", "django_server.py", "listed", "all", "all-credentials", "regex",
				"below-common"),
			configurations: []configuration{
				{name: "listed", shown: "`CORS_ALLOWED_ORIGINS`, `CORS_ALLOW_CREDENTIALS`", listed: true},
				{name: "all", shown: "`CORS_ALLOW_ALL_ORIGINS`", findings: "any-origin info"},
				{
					name: "all-credentials", shown: "`CORS_ALLOW_ALL_ORIGINS`, `CORS_ALLOW_CREDENTIALS`",
					findings: "any-origin high", know: "List the origins.",
				},
				{
					name:     "regex",
					shown:    "`CORS_ALLOWED_ORIGIN_REGEXES = [r\"https://app\\.example\\.com\"]`, `CORS_ALLOW_CREDENTIALS`",
					findings: "prefix-match high", know: "End the expression with `$`.",
				},
				{
					name: "below-common", shown: "`CommonMiddleware` before `CorsMiddleware`, for a path without its slash",
					findings: "preflight-fails medium",
					know:     "Put `CorsMiddleware` first: the redirect to the slash has no CORS headers.", path: "/slashed/7",
				},
			},
		},
		{
			name: "nginx", program: "nginx",
			start: startCheckedNginx,
			configurations: []configuration{
				{
					name: "map", shown: "`map $http_origin` with whole origins, `add_header … always`, credentials",
					know: "[nginx.conf](nginx.conf) has this and the others.", listed: true,
				},
				{name: "star", shown: "`*`, `add_header … always`", findings: "any-origin info"},
				{
					name: "no-always", shown: "`add_header` without `always`",
					findings: "errors-unreadable low", know: "Write `always`.",
				},
				{
					name: "if-drops", shown: "`add_header` outside, and others inside `if ($request_method = OPTIONS)`",
					findings: "preflight-fails medium",
					know:     "One `add_header` inside drops all those outside. Repeat them, or have none inside.",
				},
				{
					name: "if-each", shown: "An `if` with `*` for each of OPTIONS, GET and POST",
					findings: "errors-unreadable low, any-origin info",
					know:     "Other methods pass the preflight, and have no headers then: check the call as well.",
				},
				{
					name: "no-options", shown: "`add_header … always`, and an API that does not answer OPTIONS",
					findings: "preflight-fails medium", know: "Add `if ($request_method = OPTIONS) { return 204; }`.",
				},
				{
					name: "login", shown: "`if ($http_authorization = \"\") { return 401; }`", findings: "preflight-fails medium",
					know: "Let OPTIONS pass: preflights carry no Authorization.",
				},
				{
					name: "echo", shown: "`$http_origin`, credentials", findings: "any-origin high, vary-missing medium",
					know: "Use a `map` with whole origins.",
				},
				{
					name: "unescaped", shown: "`map` with `~^https://app.example.com$`, credentials", findings: "unescaped-dot high",
					know: "Write `\\.`, or the origin without `~`.",
				},
				{
					name: "open-end", shown: "`map` with `~^https://app\\.example\\.com`, credentials",
					findings: "prefix-match high", know: "Write `$` at the end.",
				},
				{
					name: "open-start", shown: "`map` with `~example\\.com$`, credentials",
					findings: "suffix-match high, insecure-scheme medium", know: "Begin with `^https://`.",
				},
				{
					name: "open-ends", shown: "`map` with `~example\\.com`, credentials",
					findings: "prefix-match high, suffix-match high, insecure-scheme medium", know: "Write both ends.",
				},
				{
					name: "null", shown: "`map` with `null`", findings: "null-origin medium",
					know: "Serve the page from a web server.",
				},
				{
					name: "no-vary", shown: "`map` with whole origins, no Vary, credentials", findings: "vary-missing medium",
					know: "Write `add_header Vary Origin always`.", listed: true,
				},
				{
					name: "list", shown: "Two origins in one `add_header`", findings: "ineffective medium",
					know: "Use a `map` with whole origins.",
				},
				{
					name: "star-credentials", shown: "`*`, credentials", findings: "ineffective medium, any-origin info",
					know: "Use a `map` with whole origins.",
				},
				{
					name: "twice", shown: "`add_header` before an API that has CORS itself",
					findings: "duplicate medium, any-origin info", know: "Let one of the two answer.",
				},
			},
		},
		{
			name: "Caddy", program: "caddy",
			start: startCheckedCaddy,
			configurations: []configuration{
				{
					name: "listed", shown: "A matcher with whole origins, `header +Vary Origin`, credentials",
					know: "[Caddyfile](Caddyfile) has this and the others.", listed: true,
				},
				{
					name: "snippet", shown: "The snippet with `header Origin {args.0}`", findings: "vary-missing medium",
					know: "Add `header +Vary Origin`.",
				},
				{
					name: "echo", shown: "`{http.request.header.Origin}`, credentials", findings: "any-origin high",
					know: "Use a matcher with whole origins.",
				},
				{
					name: "values", shown: "`True`, `\"get, put, delete\"`, `10m`", findings: "ineffective medium",
					know: "Write `true`, `\"GET, PUT, DELETE\"`, `600`.",
				},
				{
					name: "in-route", shown: "`header` inside `handle /users/7`",
					findings: "errors-unreadable low", know: "Put it outside.",
				},
				{
					name: "twice", shown: "`header` before an API that has CORS itself", findings: "duplicate medium",
					know: "Let one of the two answer.",
				},
			},
		},
	}
}

// corsAPI is userAPI with a policy of its own, for what stands in front of it.
func corsAPI(page string) http.Handler {
	return cors.New(cors.Options{
		AllowedOrigins: []string{checkedOrigin, page}, AllowedMethods: checkedMethods, AllowedHeaders: checkedHeaders,
		AllowCredentials: true, MaxAge: 10 * time.Minute,
	})(userAPI)
}

// fill puts the addresses of the test in a configuration.
func fill(t testing.TB, page string) []string {
	t.Helper()
	return []string{"CORS_API", serve(t, corsAPI(page)).server.Host, "API", serve(t, userAPI).server.Host, "PAGE", page}
}

func startCheckedNginx(t testing.TB, page string) (f fleet, err error) {
	t.Helper()
	program, err := findNginx()
	if err != nil {
		return f, err
	}
	output, err := exec.Command(program, "-v").CombinedOutput()
	require.NoError(t, err)
	_, err = fmt.Sscanf(string(output), "nginx version: nginx/%s", &f.version)
	require.NoError(t, err)
	config, err := os.ReadFile("corscheck/nginx.conf")
	require.NoError(t, err)
	f.hosts = runNginx(t, string(config), placeholders(config), fill(t, page)...)
	return f, nil
}

// placeholders returns the names that stand for hosts in a configuration, such as
// {{echo}}.
func placeholders(config []byte) (names []string) {
	for _, m := range regexp.MustCompile(`{{([^}]+)}}`).FindAllSubmatch(config, -1) {
		if name := string(m[1]); name != "user" {
			names = append(names, name)
		}
	}
	return names
}

// startCheckedCaddy chooses ports that are free. Another program may take one before
// Caddy does, so it tries again.
func startCheckedCaddy(t testing.TB, page string) (f fleet, err error) {
	t.Helper()
	output, err := exec.Command("caddy", "version").Output()
	if err != nil {
		return f, err
	}
	f.version, _, _ = strings.Cut(strings.TrimPrefix(strings.TrimSpace(string(output)), "v"), " ")
	config, err := os.ReadFile("corscheck/Caddyfile")
	require.NoError(t, err)
	replace := fill(t, page)
	for range 5 {
		f.hosts = freeHosts(t, placeholders(config))
		pairs := slices.Clone(replace)
		for name, host := range f.hosts {
			pairs = append(pairs, "{{"+name+"}}", host)
		}
		if runCaddy(t, strings.NewReplacer(pairs...).Replace(string(config)), f.hosts) {
			return f, nil
		}
	}
	require.Fail(t, "Caddy does not start")
	return f, nil
}

// freeHosts returns hosts of this machine on which nobody listens.
func freeHosts(t testing.TB, names []string) map[string]string {
	t.Helper()
	hosts := make(map[string]string)
	for _, name := range names {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		defer l.Close() // when all are chosen
		hosts[name] = l.Addr().String()
	}
	return hosts
}

// runCaddy starts Caddy, and reports whether it came to listen on all hosts.
func runCaddy(t testing.TB, config string, hosts map[string]string) bool {
	t.Helper()
	dir := t.TempDir()
	file := filepath.Join(dir, "Caddyfile")
	require.NoError(t, os.WriteFile(file, []byte(config), 0o600))
	log, err := os.Create(filepath.Join(dir, "log"))
	require.NoError(t, err)
	defer log.Close() // Caddy has its own
	cmd := exec.Command("caddy", "run", "--config", file, "--adapter", "caddyfile")
	cmd.Env = append(os.Environ(), "HOME="+dir, "XDG_CONFIG_HOME="+dir, "XDG_DATA_HOME="+dir)
	cmd.Stdout, cmd.Stderr = log, log
	ended := live.Start(t, cmd)
	for _, host := range hosts {
		if !listens(t, host, ended) {
			content, _ := os.ReadFile(log.Name())
			t.Logf("Caddy ended; it wrote:\n%s", content)
			return false
		}
	}
	return true
}

func startCheckedExpress(t testing.TB, page string) (fleet, error) {
	t.Helper()
	dir, err := installExpress(t, "corscheck/express.js")
	if err != nil {
		return fleet{}, err
	}
	return startProgram(t, page, dir, "node", "express.js"), nil
}

// startPython returns what starts a program of the folder corscheck that needs the
// modules, once for each of the arguments.
func startPython(modules, program string, arguments ...string) func(testing.TB, string) (fleet, error) {
	return func(t testing.TB, page string) (f fleet, err error) {
		t.Helper()
		python, err := pythonWith(modules)
		if err != nil {
			return f, err
		}
		if len(arguments) == 0 {
			return startProgram(t, page, "corscheck", python, program), nil
		}
		f.hosts = make(map[string]string)
		for _, argument := range arguments {
			one := startProgram(t, page, "corscheck", python, program, argument)
			f.version = one.version
			maps.Copy(f.hosts, one.hosts)
		}
		return f, nil
	}
}

// pythonWith returns a Python that has the modules. The system's own, which has the
// packages of the distribution, may not be the first on the PATH.
func pythonWith(modules string) (python string, err error) {
	for _, python = range []string{"/usr/bin/python3", "python3"} {
		output, failed := exec.Command(python, "-c", "import "+modules).CombinedOutput()
		if failed == nil {
			return python, nil
		}
		err = errors.Join(err, fmt.Errorf("%s has no %s: %v: %.300s", python, modules, failed, output))
	}
	return "", err
}

// startProgram starts a program that prints its version and the ports on which its
// configurations listen.
func startProgram(t testing.TB, page, dir, program string, args ...string) fleet {
	t.Helper()
	cmd := exec.Command(program, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "PAGE_ORIGIN="+page, "PYTHONDONTWRITEBYTECODE=1")
	cmd.Stderr = os.Stderr
	var said struct {
		Version string
		Ports   map[string]int
	}
	require.NoError(t, json.Unmarshal([]byte(firstLine(t, cmd)), &said))
	f := fleet{said.Version, make(map[string]string)}
	for name, port := range said.Ports {
		f.hosts[name] = fmt.Sprintf("127.0.0.1:%d", port)
	}
	return f
}
