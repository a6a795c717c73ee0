// Command config takes its policy from a JSON file or from environment variables. What
// is wrong with the policy is reported where the operator wrote it, all at once, with
// what to write instead.
//
//	CORS_ALLOWED_ORIGINS=https://app.example.com,https://*.example.org
//	CORS_ALLOWED_METHODS=PUT,DELETE
//	CORS_ALLOWED_HEADERS=Content-Type,Authorization
//	CORS_EXPOSED_HEADERS=ETag
//	CORS_ALLOW_CREDENTIALS=true
//	CORS_MAX_AGE=10m
//
// With -policy policy.json, the same in a file:
//
//	{"allowedOrigins": ["https://app.example.com"], "allowCredentials": true, "maxAge": "10m"}
package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	"example.com/cors"
)

func main() {
	file := flag.String("policy", "", "JSON `file` with the policy; without it, environment variables")
	flag.Parse()
	opts, err := load(*file, os.Getenv)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	users := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "users") })
	log.Fatal(http.ListenAndServe("localhost:5000", cors.New(opts)(users)))
}

func load(file string, getenv func(string) string) (cors.Options, error) {
	if file == "" {
		return fromEnv(getenv)
	}
	f, err := os.Open(file)
	if err != nil {
		return cors.Options{}, err
	}
	defer f.Close()
	return fromJSON(f)
}

// A field of Options has a name in the environment and one in JSON.
type field struct{ options, env, json string }

var fields = []field{
	{"AllowedOrigins", "CORS_ALLOWED_ORIGINS", "allowedOrigins"},
	{"AllowedMethods", "CORS_ALLOWED_METHODS", "allowedMethods"},
	{"AllowedHeaders", "CORS_ALLOWED_HEADERS", "allowedHeaders"},
	{"ExposedHeaders", "CORS_EXPOSED_HEADERS", "exposedHeaders"},
	{"AllowCredentials", "CORS_ALLOW_CREDENTIALS", "allowCredentials"},
	{"MaxAge", "CORS_MAX_AGE", "maxAge"},
}

// fromEnv returns the policy that environment variables describe. Lists have commas,
// or spaces, between their elements.
func fromEnv(getenv func(string) string) (cors.Options, error) {
	list := func(name string) []string {
		return strings.FieldsFunc(getenv(name), func(r rune) bool { return r == ',' || r == ' ' || r == '\n' })
	}
	opts := cors.Options{
		AllowedOrigins: list("CORS_ALLOWED_ORIGINS"),
		AllowedMethods: list("CORS_ALLOWED_METHODS"),
		AllowedHeaders: list("CORS_ALLOWED_HEADERS"),
		ExposedHeaders: list("CORS_EXPOSED_HEADERS"),
	}
	var problems []error
	if s := getenv("CORS_ALLOW_CREDENTIALS"); s != "" {
		var err error
		if opts.AllowCredentials, err = strconv.ParseBool(s); err != nil {
			problems = append(problems, fmt.Errorf("CORS_ALLOW_CREDENTIALS: %q is neither true nor false", s))
		}
	}
	if s := getenv("CORS_MAX_AGE"); s != "" {
		var err error
		if opts.MaxAge, err = time.ParseDuration(s); err != nil {
			problems = append(problems, fmt.Errorf("CORS_MAX_AGE: %q is no duration with a unit, such as 10m or 1h", s))
		}
	}
	return opts, errors.Join(append(problems, check(opts, func(f field) string { return f.env })...)...)
}

// fromJSON returns the policy that r describes. A key that it does not know is an
// error: a misspelt one would be a policy that nobody wrote.
func fromJSON(r io.Reader) (cors.Options, error) {
	var policy struct {
		AllowedOrigins   []string
		AllowedMethods   []string
		AllowedHeaders   []string
		ExposedHeaders   []string
		AllowCredentials bool
		MaxAge           string
	}
	decoder := json.NewDecoder(r)
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&policy); err != nil {
		return cors.Options{}, fmt.Errorf("policy: %w", err)
	}
	opts := cors.Options{
		AllowedOrigins:   policy.AllowedOrigins,
		AllowedMethods:   policy.AllowedMethods,
		AllowedHeaders:   policy.AllowedHeaders,
		ExposedHeaders:   policy.ExposedHeaders,
		AllowCredentials: policy.AllowCredentials,
	}
	var problems []error
	if policy.MaxAge != "" {
		var err error
		if opts.MaxAge, err = time.ParseDuration(policy.MaxAge); err != nil {
			problems = append(problems,
				fmt.Errorf("maxAge: %q is no duration with a unit, such as \"10m\" or \"1h\"", policy.MaxAge))
		}
	}
	return opts, errors.Join(append(problems, check(opts, func(f field) string { return f.json })...)...)
}

// check returns each problem of opts under the name that the operator knows.
func check(opts cors.Options, name func(field) string) (problems []error) {
	var bad *cors.OptionsError
	if !errors.As(opts.Validate(), &bad) {
		return nil
	}
	for _, p := range bad.Problems {
		known := p.Field
		for _, f := range fields {
			if f.options == p.Field {
				known = name(f)
			}
		}
		text := known + ": "
		if p.Value != "" {
			text += strconv.Quote(p.Value) + ": "
		}
		text += p.Detail
		if p.Fix != "" {
			text += "; write " + strconv.Quote(p.Fix)
		}
		problems = append(problems, errors.New(text))
	}
	return problems
}
