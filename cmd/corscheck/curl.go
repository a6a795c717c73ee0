package main

import (
	"cmp"
	"mime"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"path/filepath"
	"regexp"
	"strings"

	"example.com/cors/internal/fetch"
)

// curlFlags are what a curl command may have besides. Those without a function
// change nothing here.
var curlFlags = []flag{
	{names: "json", hasArg: true, curlOwn: true, set: func(p *parser, value string) error {
		p.setDefault("Content-Type", "application/json")
		p.setDefault("Accept", "application/json")
		return p.addData(value)
	}},
	{names: "F form", hasArg: true, set: func(p *parser, value string) error { return p.addPart(value, false) }},
	{names: "form-string", hasArg: true, set: func(p *parser, value string) error { return p.addPart(value, true) }},
	{names: "T upload-file", hasArg: true, set: (*parser).addUpload},
	{names: "A user-agent", hasArg: true, set: func(p *parser, value string) error {
		if strings.HasPrefix(value, "Mozilla/") {
			return nil // the browser's own
		}
		return p.addField("User-Agent", value)
	}},
	{names: "e referer", hasArg: true, set: func(p *parser, value string) error {
		p.referer, _, _ = strings.Cut(value, ";") // ;auto
		return nil
	}},
	{names: "r range", hasArg: true, set: func(p *parser, value string) error {
		return p.addField("Range", "bytes="+value)
	}},
	{names: "oauth2-bearer", hasArg: true, set: func(p *parser, value string) error {
		return p.addField("Authorization", "Bearer "+value)
	}},
	{names: "url-query", hasArg: true, set: (*parser).addQuery},
	{names: "g globoff", set: func(p *parser, _ string) error { p.globOff = true; return nil }},

	// How the server is reached.
	{names: "E cert", hasArg: true, set: func(p *parser, value string) error {
		p.call.credentials = true
		return p.setFile(&p.flags.network.cert, "--cert", value)
	}},
	{names: "key", hasArg: true, set: func(p *parser, value string) error {
		return p.setFile(&p.flags.network.key, "--key", value)
	}},
	{names: "cacert", hasArg: true, set: func(p *parser, value string) error {
		return p.setFile(&p.flags.network.ca, "--cacert", value)
	}},
	{names: "resolve", hasArg: true, set: func(p *parser, value string) error {
		return p.flags.network.resolve(value)
	}},
	{names: "connect-to", hasArg: true, set: func(p *parser, value string) error {
		return p.flags.network.connectTo(value)
	}},
	{names: "unix-socket", hasArg: true, set: func(p *parser, value string) error {
		p.flags.network.socket = value
		return nil
	}},
	{names: "x proxy preproxy", hasArg: true, set: func(p *parser, value string) error {
		p.flags.network.proxy = value
		return checkProxy(value)
	}},
	{names: "socks5 socks5-hostname", hasArg: true, set: func(p *parser, value string) error {
		p.flags.network.proxy = "socks5://" + value
		return nil
	}},
	{names: "noproxy", hasArg: true, set: func(p *parser, value string) error {
		p.flags.network.direct = value == "*"
		return nil
	}},

	{names: "next :", set: func(*parser, string) error {
		return usagef("--next begins another call: check one at a time")
	}},
	{names: "K config", hasArg: true, set: func(*parser, string) error {
		return usagef("-K names a file with flags, which is not read: write them out")
	}},

	{names: "compressed s silent S show-error L location location-trusted i include f fail fail-with-body " +
		"N no-buffer O remote-name J remote-header-name R remote-time q disable Z parallel n netrc create-dirs " +
		"no-progress-meter show-headers styled-output no-styled-output raw tr-encoding fail-early no-keepalive " +
		"tcp-nodelay tcp-fastopen anyauth basic digest ntlm negotiate post301 post302 post303 no-alpn no-npn " +
		"no-sessionid j junk-session-cookies ssl ssl-reqd ssl-allow-beast ssl-no-revoke ssl-revoke-best-effort " +
		"cert-status ca-native proxy-insecure 0 http1.0 http1.1 http2 http2-prior-knowledge http3 http3-only " +
		"path-as-is 1 tlsv1 tlsv1.0 tlsv1.1 tlsv1.2 tlsv1.3 4 ipv4 6 ipv6 # progress-bar disable-epsv " +
		"ignore-content-length retry-all-errors retry-connrefused trace-time trace-ids no-clobber clobber " +
		"remove-on-error parallel-immediate remote-name-all skip-existing suppress-connect-headers xattr crlf " +
		"disable-eprt disallow-username-in-url doh-cert-status doh-insecure http0.9 haproxy-protocol mptcp " +
		"tls-earlydata false-start form-escape netrc-optional ntlm-wb ssl-auto-client-cert " +
		"sslv2 sslv3 proxy-anyauth proxy-basic proxy-digest proxy-negotiate proxy-ntlm proxy-tlsv1 proxy-http2 " +
		"proxytunnel proxy-ca-native proxy-ssl-allow-beast proxy-ssl-auto-client-cert socks5-basic " +
		"socks5-gssapi socks5-gssapi-nec use-ascii dump-ca-embed"},
	{names: "o output w write-out c cookie-jar D dump-header connect-timeout retry retry-delay retry-max-time " +
		"max-redirs limit-rate Y speed-limit y speed-time stderr trace trace-ascii keepalive-time ciphers " +
		"tls13-ciphers tls-max curves interface local-port dns-servers dns-interface doh-url alt-svc hsts " +
		"netrc-file capath crlfile pinnedpubkey cert-type key-type pass proto proto-default proto-redir " +
		"max-filesize z time-cond output-dir U proxy-user proxy-header proxy-cacert parallel-max " +
		"happy-eyeballs-timeout-ms expect100-timeout rate C continue-at etag-compare etag-save aws-sigv4 create-file-mode " +
		"dns-ipv4-addr dns-ipv6-addr delegation ech egd-file random-file haproxy-clientip ip-tos vlan-priority " +
		"keepalive-cnt krb libcurl login-options proxy-cert proxy-cert-type proxy-key proxy-key-type proxy-pass " +
		"proxy-capath proxy-ciphers proxy-tls13-ciphers proxy-crlfile proxy-pinnedpubkey proxy-service-name " +
		"service-name sasl-authzid socks5-gssapi-service tlsauthtype tlsuser tlspassword trace-config variable " +
		"sigalgs signature-algorithms", hasArg: true},
}

// globEscapes undoes what browsers put before the brackets of a URL, for curl would
// take these for a range.
var globEscapes = strings.NewReplacer(`\[`, "[", `\]`, "]", `\{`, "{", `\}`, "}")

// setFile takes the name of a file, which a paste must not name.
func (p *parser) setFile(to *string, flag, name string) error {
	if p.pasted {
		_, err := p.read(flag, name)
		return err
	}
	*to = name
	return nil
}

// setDefault sets a header that counts if no other flag sets it.
func (p *parser) setDefault(name, value string) {
	if p.defaults == nil {
		p.defaults = make(http.Header)
	}
	p.defaults.Set(name, value)
}

// addHeaders takes the headers that stand in a file, each on a line.
func (p *parser) addHeaders(file string) error {
	lines, err := p.read("-H", file)
	if err != nil {
		return err
	}
	for line := range strings.Lines(lines) {
		if line = strings.TrimSpace(line); line == "" || line[0] == '#' {
			continue
		}
		if strings.HasPrefix(line, "@") {
			return usagef("-H %s: a file of headers names no other file", quote("@"+file))
		}
		if err := p.addHeader(line); err != nil {
			return err
		}
	}
	return nil
}

// addUpload takes a file as the body of a PUT.
func (p *parser) addUpload(file string) error {
	if file == "." {
		file = "-"
	}
	data, err := p.read("-T", file)
	if err != nil {
		return err
	}
	p.call.method = cmp.Or(p.call.method, http.MethodPut)
	if err := p.addRawData(data); err != nil {
		return err
	}
	if strings.HasSuffix(p.call.url, "/") && file != "-" {
		p.call.url += filepath.Base(file) // as curl does
	}
	p.setDefault("Content-Type", "application/octet-stream") // a File without a type of its own
	return nil
}

// addQuery adds to the query of the URL, once that is known.
func (p *parser) addQuery(value string) error {
	if plain, ok := strings.CutPrefix(value, "+"); ok {
		p.moreQuery = append(p.moreQuery, plain)
		return nil
	}
	q := newParser(p.stdin)
	q.pasted = p.pasted
	if err := q.addEncodedData(value); err != nil {
		return err
	}
	p.moreQuery = append(p.moreQuery, q.call.body)
	return nil
}

// boundary is what stands between the parts of a form. Browsers write a random one.
const boundary = "----corscheck-boundary"

// addPart takes a part of a form: name=value, name=@file, name=<file, each perhaps
// with ;type= and ;filename=.
func (p *parser) addPart(value string, plain bool) error {
	name, content, found := strings.Cut(value, "=")
	if !found {
		return usagef("-F %s: write a part of a form as name=value or name=@file", quote(value))
	}
	header := textproto.MIMEHeader{}
	disposition := map[string]string{"name": name}
	if !plain {
		kind := byte(0)
		if content != "" && strings.IndexByte("@<", content[0]) >= 0 {
			kind, content = content[0], content[1:]
		}
		var options []string
		content, options = partOptions(content)
		for _, option := range options {
			key, v, _ := strings.Cut(option, "=")
			switch v = strings.Trim(v, `"`); key {
			case "type":
				header.Set("Content-Type", v)
			case "filename":
				disposition["filename"] = v
			}
		}
		if kind != 0 {
			file := strings.Trim(content, `"`)
			if p.pasted {
				return errNamesFile(file, "-F "+quote(name+"="+string(kind)+file))
			}
			data, err := p.read("-F", file)
			if err != nil {
				return err
			}
			if content = data; kind == '@' {
				disposition["filename"] = cmp.Or(disposition["filename"], filepath.Base(file))
				if header.Get("Content-Type") == "" {
					header.Set("Content-Type", cmp.Or(mime.TypeByExtension(filepath.Ext(file)), "application/octet-stream"))
				}
			}
		}
	}
	if n := len(content); !plain && n > 1 && content[0] == '"' && content[n-1] == '"' {
		content = content[1 : n-1]
	}
	if p.call.hasBody && !p.isForm {
		return usagef("-F and -d are two bodies: leave one of them out")
	}
	header.Set("Content-Disposition", mime.FormatMediaType("form-data", disposition))
	var part strings.Builder
	w := multipart.NewWriter(&part)
	if err := w.SetBoundary(boundary); err != nil {
		return err
	}
	writer, err := w.CreatePart(header)
	if err != nil {
		return err
	}
	_, _ = writer.Write([]byte(content))
	_ = w.Close()
	before := strings.TrimSuffix(p.call.body, "--"+boundary+"--\r\n")
	p.call.body, p.call.hasBody, p.isForm = "", false, true
	if err := p.addRawData(before + part.String()); err != nil {
		return err
	}
	p.setDefault("Content-Type", "multipart/form-data; boundary="+boundary)
	return nil
}

// partOptions cuts off what stands behind the semicolons of a part.
func partOptions(content string) (value string, options []string) {
	fields := strings.Split(content, ";")
	end := len(fields)
	for end > 1 {
		key, _, found := strings.Cut(strings.TrimSpace(fields[end-1]), "=")
		if !found || key != "type" && key != "filename" && key != "headers" && key != "encoder" && key != "charset" {
			break
		}
		options = append(options, strings.TrimSpace(fields[end-1]))
		end--
	}
	return strings.Join(fields[:end], ";"), options
}

// The browsers' developer tools copy every header of a request. Those that a
// script did not set have no part in CORS and are left out.

// isSetByBrowser reports whether a copied header, its name in lower case, is one
// that the browser added to the call.
func isSetByBrowser(name, value string) bool {
	switch name {
	case "user-agent":
		return strings.HasPrefix(value, "Mozilla/") // An SDK's is the script's own.
	case "accept-language", "priority", "purpose", "save-data", "upgrade-insecure-requests", "x-client-data":
		return true
	case "x-requested-with":
		return androidPackage.MatchString(value) // an app's WebView; scripts write XMLHttpRequest
	case "alt-used": // Firefox, over HTTP/3
		return true
	case "authority": // older Chromium: HTTP/2's own, without its colon
		return true
	case "cache-control", "pragma":
		// What the open developer tools add under "Disable cache".
		return value == "no-cache"
	}
	return fetch.IsForbiddenRequestHeader(name)
}

// androidPackage is the name of an app of Android, such as com.example.app.
var androidPackage = regexp.MustCompile(`^[A-Za-z]\w*(?:\.[A-Za-z]\w*)+$`)

// dropRevalidation leaves out the headers by which a browser's cache asks whether
// what it has is still good.
func (p *parser) dropRevalidation() {
	if method := strings.ToUpper(p.call.method); method == http.MethodGet || method == http.MethodHead {
		p.call.header.Del("If-None-Match")
		p.call.header.Del("If-Modified-Since")
	}
}
