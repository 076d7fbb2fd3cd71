package main

import (
	"bytes"
	"crypto/rand"
	"encoding/pem"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
	modpath "golang.org/x/mod/module"
	"golang.org/x/mod/sumdb"
	"golang.org/x/mod/sumdb/dirhash"
	"golang.org/x/mod/sumdb/note"
)

func init() {
	commands["modproxy"] = modProxy
	commands["checksums"] = checksums
	commands["withdraw"] = withdraw
}

// modproxy NAME [auth=USER:PASSWORD] [PATTERN=STATUS...]: a proxy on loopback in
// front of the script's own, its URL in $NAME. With auth it speaks https, for the go
// command gives a password to no other, and sets SSL_CERT_FILE. A request whose path fits a pattern
// (path.Match) gets that status, the first that fits. What it was asked for is
// written to the file NAME.
func modProxy(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: modproxy NAME [auth=USER:PASSWORD] [PATTERN=STATUS...]")
	}
	behind, log := scriptProxy(ts), ts.MkAbs(args[0])
	ts.Check(os.WriteFile(log, nil, 0o666))
	asked, err := os.OpenFile(log, os.O_APPEND|os.O_WRONLY, 0o666)
	ts.Check(err)
	auth := ""
	var patterns []string
	for _, a := range args[1:] {
		if v, ok := strings.CutPrefix(a, "auth="); ok {
			auth = v
			continue
		}
		patterns = append(patterns, a)
	}
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user, password, _ := r.BasicAuth()
		if auth != "" && user+":"+password != auth {
			http.Error(w, "log in first", http.StatusUnauthorized)
			return
		}
		fmt.Fprintln(asked, r.URL.Path)
		for _, p := range patterns {
			pattern, code, _ := strings.Cut(p, "=")
			if ok, _ := path.Match(pattern, r.URL.Path); ok {
				n, _ := strconv.Atoi(code)
				http.Error(w, "not for you", n)
				return
			}
		}
		resp, err := http.Get(behind + r.URL.Path)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		defer resp.Body.Close()
		w.WriteHeader(resp.StatusCode)
		_, _ = io.Copy(w, resp.Body)
	}))
	ts.Defer(func() { server.Close(); asked.Close() })
	if auth == "" {
		server.Start()
	} else {
		server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
		server.StartTLS()
		block := &pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}
		ts.Check(os.WriteFile(log+".pem", pem.EncodeToMemory(block), 0o666))
		ts.Setenv("SSL_CERT_FILE", log+".pem")
	}
	ts.Setenv(args[0], server.URL)
}

// scriptProxy returns the URL of the script's own proxy, $OWN_PROXY: what GOPROXY
// was at the first of these words.
func scriptProxy(ts *testscript.TestScript) string {
	if ts.Getenv("OWN_PROXY") == "" {
		ts.Setenv("OWN_PROXY", strings.TrimSuffix(ts.Getenv("GOPROXY"), "/"))
	}
	return ts.Getenv("OWN_PROXY")
}

// checksums NAME [PATTERN...]: a checksum database on loopback for the script's own
// proxy, the value for GOSUMDB in $NAME. It knows no module version that fits a
// pattern. What it was asked for is written to the file NAME.
func checksums(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: checksums NAME [PATTERN...]")
	}
	skey, vkey, err := note.GenerateKey(rand.Reader, "sums.example.com")
	ts.Check(err)
	behind, log := scriptProxy(ts), ts.MkAbs(args[0])
	ts.Check(os.WriteFile(log, nil, 0o666))
	asked, err := os.OpenFile(log, os.O_APPEND|os.O_WRONLY, 0o666)
	ts.Check(err)
	database := sumdb.NewTestServer(skey, func(path_, version string) ([]byte, error) {
		v := modpath.Version{Path: path_, Version: version}
		for _, p := range args[1:] {
			if ok, _ := path.Match(p, v.String()); ok {
				return nil, os.ErrNotExist
			}
		}
		return sums(behind, v)
	})
	handler := sumdb.NewServer(database)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintln(asked, r.URL.Path)
		handler.ServeHTTP(w, r)
	}))
	ts.Defer(func() { server.Close(); asked.Close() })
	ts.Setenv(args[0], vkey+" "+server.URL)
	ts.Setenv("GONOSUMDB", "")
	ts.Setenv("GONOSUMCHECK", "")
}

// sums returns the go.sum lines of a module version on a proxy.
func sums(proxy string, v modpath.Version) ([]byte, error) {
	escaped, err := modpath.EscapePath(v.Path)
	if err != nil {
		return nil, err
	}
	get := func(ext string) ([]byte, error) {
		resp, err := http.Get(proxy + "/" + escaped + "/@v/" + v.Version + ext)
		if err != nil {
			return nil, err
		}
		defer resp.Body.Close()
		if resp.StatusCode != http.StatusOK {
			return nil, os.ErrNotExist
		}
		return io.ReadAll(resp.Body)
	}
	mod, err := get(".mod")
	if err != nil {
		return nil, err
	}
	h1, err := dirhash.Hash1([]string{"go.mod"}, func(string) (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(mod)), nil })
	if err != nil {
		return nil, err
	}
	zip, err := get(".zip")
	if err != nil {
		return nil, err
	}
	tmp, err := os.CreateTemp("", "sums")
	if err != nil {
		return nil, err
	}
	defer os.Remove(tmp.Name())
	_, err = tmp.Write(zip)
	if cerr := tmp.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return nil, err
	}
	z1, err := dirhash.HashZip(tmp.Name(), dirhash.Hash1)
	return fmt.Appendf(nil, "%s %s %s\n%s %s/go.mod %s\n", v.Path, v.Version, z1, v.Path, v.Version, h1), err
}

// withdraw PATTERN...: takes module versions out of the module cache: PATH@VERSION
// all of it, PATH@VERSION.zip the source alone.
func withdraw(ts *testscript.TestScript, neg bool, args []string) {
	cache := ts.Getenv("GOMODCACHE")
	for _, a := range args {
		a, zip := strings.CutSuffix(a, ".zip")
		name, version, ok := strings.Cut(a, "@")
		if neg || !ok {
			ts.Fatalf("usage: withdraw PATH@VERSION[.zip]...")
		}
		ts.Check(removeAll(filepath.Join(cache, filepath.FromSlash(a))))
		exts := []string{".zip", ".ziphash", ".info", ".mod", ".lock"}
		if zip {
			exts = exts[:2]
		}
		for _, ext := range exts {
			ts.Check(os.RemoveAll(filepath.Join(cache, "cache", "download", filepath.FromSlash(name), "@v", version+ext)))
		}
	}
}

// removeAll removes a read-only tree.
func removeAll(dir string) error {
	_ = filepath.WalkDir(dir, func(name string, d os.DirEntry, err error) error {
		if err == nil && d.IsDir() {
			return os.Chmod(name, 0o777)
		}
		return nil
	})
	return os.RemoveAll(dir)
}
