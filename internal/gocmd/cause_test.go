package gocmd

import (
	"errors"
	"strings"
	"testing"
)

func TestErrorCauses(t *testing.T) {
	const mismatch = "go: example.com/a@v1.0.0/go.mod: verifying example.com/a@v1.0.0/go.mod: checksum mismatch\n\tdownloaded: h1:x=\n\tgo.sum:     h1:y=\n\nSECURITY ERROR\nThis download does NOT match an earlier download recorded in go.sum.\nThe bits may have been replaced on the origin server, or an attacker may\nhave intercepted the download attempt.\n\nFor more information, see 'go help module-auth'.\n"
	const git = "go: example.com/a@v1.0.0: invalid version: git ls-remote -q https://example.com/a in /x: exit status 128:\n\tfatal: could not read Username for 'https://example.com': terminal prompts disabled\nConfirm the import path was entered correctly.\nIf this is a private repository, see https://golang.org/doc/faq#git_https for additional information.\n"
	for _, tt := range []struct{ name, stderr, want, next string }{
		{"status", "go: example.com/a@v1.0.0: reading https://proxy.example.com/example.com/a/@v/v1.0.0.mod: 403 Forbidden\n\tserver response:\n\tno entry in the allow list\n\tsecond line\n",
			"example.com/a@v1.0.0 could not be fetched: proxy.example.com says 403 Forbidden: no entry in the allow list", "GOPRIVATE"},
		{"response that repeats the status", "go: example.com/a@v1.0.0: reading http://127.0.0.1:1/x: 404 Not Found\n\tserver response: not found\n",
			"example.com/a@v1.0.0 could not be fetched: 127.0.0.1:1 says 404 Not Found", "GOPRIVATE"},
		{"who requires it", "go: example.com/a@v1.0.0 requires\n\texample.com/b@v1.1.0 requires\n\texample.com/c@v1.2.0: reading https://p/c/@v/v1.2.0.mod: 410 Gone\n",
			"example.com/c@v1.2.0 could not be fetched: p says 410 Gone", "GOPRIVATE"},
		{"a package", "go: example.com/p imports\n\texample.com/q/sub: cannot find module providing package example.com/q/sub: module example.com/q/sub: reading https://p/list: 404 Not Found\n",
			"example.com/p imports example.com/q/sub: its module could not be fetched: p says 404 Not Found", "GOPRIVATE"},
		{"an import of go build", "main.go:4:2: module lookup disabled by GOPROXY=off\nmain.go:5:2: example.com/q@v1.0.0: reading https://p/q: 404 Not Found\n",
			"main.go:4:2: its module could not be fetched: module lookup disabled by GOPROXY=off\nexample.com/q@v1.0.0 could not be fetched: p says 404 Not Found", "network"},
		{"two packages", "go: example.com/p imports\n\texample.com/q: module lookup disabled by GOPROXY=off\ngo: example.com/p imports\n\texample.com/r: module lookup disabled by GOPROXY=off\n",
			"example.com/p imports example.com/q, and 1 more such imports: their modules could not be fetched: module lookup disabled by GOPROXY=off", "network"},
		{"once for many", "go: example.com/a@v1.0.0: reading https://p/a: 403 Forbidden\ngo: example.com/b@v1.0.0: reading https://p/b: 403 Forbidden\ngo: example.com/c@v1.0.0: reading https://p/c: 403 Forbidden\ngo: example.com/d@v1.0.0: reading https://q/d: 403 Forbidden\n",
			"example.com/a@v1.0.0 and 2 other modules could not be fetched: p says 403 Forbidden\nexample.com/d@v1.0.0 could not be fetched: q says 403 Forbidden", "GOPRIVATE"},
		{"the module in the answer", "go: example.com/a@v1.0.0: reading https://p/a: 404 Not Found\n\tserver response: not found: example.com/a@v1.0.0: gone\ngo: example.com/b@v1.0.0: reading https://p/b: 404 Not Found\n\tserver response: not found: example.com/b@v1.0.0: gone\n",
			"example.com/a@v1.0.0 and example.com/b@v1.0.0 could not be fetched: p says 404 Not Found: not found: it: gone", "GOPRIVATE"},
		{"no connection", "go: example.com/a@v1.0.0: Get \"http://127.0.0.1:1/example.com/a/@v/v1.0.0.mod\": dial tcp 127.0.0.1:1: connect: connection refused\n",
			"example.com/a@v1.0.0 could not be fetched: no connection to 127.0.0.1:1: connection refused", "network"},
		{"database", "go: example.com/a@v1.0.0: verifying go.mod: reading https://sum.golang.org/lookup/example.com/a@v1.0.0: 404 Not Found\n\tserver response: not found\n",
			"example.com/a@v1.0.0 could not be verified, and go.sum does not have it: sum.golang.org says 404 Not Found", "GONOSUMDB"},
		{"database out of reach", "go: example.com/a@v1.0.0: verifying go.mod: Get \"https://sum.golang.org/lookup/example.com/a@v1.0.0\": proxyconnect tcp: dial tcp 127.0.0.1:1: connect: connection refused\n",
			"example.com/a@v1.0.0 could not be verified, and go.sum does not have it: sum.golang.org says no connection: connection refused", "GONOSUMDB"},
		{"mismatch", mismatch, "example.com/a@v1.0.0 does not have the content that go.sum or the checksum database says: checksum mismatch", "which sum is right"},
		{"git", git, "example.com/a@v1.0.0 could not be fetched: fatal: could not read Username for 'https://example.com': terminal prompts disabled", "credentials"},
		{"none of them", "go: finding module for package x\ngo: updates to go.mod needed\n", "updates to go.mod needed", ""},
	} {
		err := &Error{Args: []string{"mod", "tidy"}, Stderr: tt.stderr, Err: errors.New("exit status 1")}
		if got, want := err.Error(), "go mod tidy: "+tt.want; got != want {
			t.Errorf("%s:\n got %s\nwant %s", tt.name, got, want)
		}
		if next := err.NextStep(); !strings.Contains(next, tt.next) || (next == "") != (tt.next == "") {
			t.Errorf("%s: next step %q", tt.name, next)
		}
	}
}

// With --offline the user has chosen that nothing is fetched: the module cache is what
// lacks something, whatever the go command names.
func TestOfflineCauses(t *testing.T) {
	offline := &Go{Env: Offline([]string{"HTTPS_PROXY=http://proxy.example.com", "GOPROXY=https://p"})}
	for _, tt := range []struct{ stderr, want string }{
		{"go: example.com/a@v1.0.0: module lookup disabled by GOPROXY=off\n", "example.com/a@v1.0.0 is not in the module cache (--offline)"},
		{"go: example.com/a@v1.0.0: module lookup disabled by GOPROXY=off\ngo: example.com/b@v1.0.0: module lookup disabled by GOPROXY=off\n",
			"example.com/a@v1.0.0 and example.com/b@v1.0.0 are not in the module cache (--offline)"},
		{"main.go:4:2: module lookup disabled by GOPROXY=off\n", "main.go:4:2: its module is not in the module cache (--offline)"},
		{"go: example.com/p imports\n\texample.com/q: module lookup disabled by GOPROXY=off\ngo: example.com/p imports\n\texample.com/r: module lookup disabled by GOPROXY=off\n",
			"example.com/p imports example.com/q, and 1 more such imports: their modules are not in the module cache (--offline)"},
		{"go: example.com/a@v1.0.0: verifying go.mod: Get \"https://sum.golang.org/lookup/example.com/a@v1.0.0\": proxyconnect tcp: dial tcp 127.0.0.1:1: connect: connection refused\n",
			"example.com/a@v1.0.0 could not be verified, and go.sum does not have it (--offline)"},
		{"go: example.com/a@v1.0.0: git fetch: exit status 128:\n\tfatal: unable to access 'https://example.com/a/': Failed to connect to 127.0.0.1 port 1\n", "example.com/a@v1.0.0 is not in the module cache (--offline)"},
	} {
		causes, _ := offline.Causes(tt.stderr)
		if got := Explain(causes); got != tt.want {
			t.Errorf("got %s\nwant %s", got, tt.want)
		}
		if next := (&Error{Stderr: tt.stderr, Offline: true}).NextStep(); next != "run it once without --offline" {
			t.Errorf("%s: next step %q", tt.stderr, next)
		}
	}
	err := &Error{Stderr: "go: download go1.21.99: module lookup disabled by GOPROXY=off\n", Offline: true}
	if got := err.Last(); got != "--offline" {
		t.Errorf("the last line is %q", got)
	}
	if err.Offline = false; err.ByOffline() || !strings.Contains(err.Last(), "GOPROXY=off") {
		t.Errorf("without --offline: %q", err.Last())
	}
}

// Whatever a proxy answers, what is said of it stays short and in one line a
// cause.
func FuzzCauses(f *testing.F) {
	f.Add("go: a@v1.0.0: reading https://p/a: 404 Not Found\n\tserver response:\n\t<html>\n")
	f.Add("go: a imports\n\tb: cannot find module providing package b: Get \"http://x\": dial tcp: lookup x: no such host\n")
	f.Fuzz(func(t *testing.T, stderr string) {
		causes, _ := Causes(stderr)
		if text := Explain(causes); len(causes) > 0 && strings.Count(text, "\n") >= len(causes) {
			t.Errorf("%d causes: %q", len(causes), text)
		}
		for _, c := range causes {
			if strings.ContainsAny(c.Says, "\r\n") || strings.ContainsAny(c.Host, "\r\n") {
				t.Errorf("%+v", c)
			}
		}
	})
}
