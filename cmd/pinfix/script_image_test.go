package main

import (
	"context"
	"encoding/pem"
	"fmt"
	"log"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/pinfix/pinfix/internal/imagetest"
)

func init() {
	maps.Copy(commands, map[string]func(ts *testscript.TestScript, neg bool, args []string){
		"registry": registryWord,
		"requests": requests,
		"mkimage":  makeImage,
	})
}

// registries are those of all scripts, by host.
var registries sync.Map

// registry NAME [tls] [auth=USER:PASSWORD] [cut=N] [norange] [spoil] [answer=N]:
// starts a registry on loopback and sets $NAME to its host. tls sets
// SSL_CERT_FILE to its certificate. cut closes the connection of each layer
// once after N bytes, or always with cut=-1. Named again, it gets other faults.
func registryWord(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: registry NAME [tls] [auth=USER:PASSWORD] [cut=N] [norange] [spoil] [answer=N]")
	}
	host := ts.Getenv(args[0])
	if host == "" {
		host = startRegistry(ts, slices.Contains(args, "tls"))
		ts.Setenv(args[0], host)
	}
	r := registryAt(ts, host)
	r.Cut, r.NoRange, r.Spoil, r.Status = 0, false, false, 0
	for _, a := range args[1:] {
		word, value, _ := strings.Cut(a, "=")
		var err error
		switch word {
		case "tls":
		case "auth":
			r.User, r.Password, _ = strings.Cut(value, ":")
		case "cut":
			r.Cut, err = strconv.ParseInt(value, 10, 64)
		case "norange":
			r.NoRange = true
		case "spoil":
			r.Spoil = true
		case "answer":
			r.Status, err = strconv.Atoi(value)
		default:
			ts.Fatalf("registry: no word %s", a)
		}
		ts.Check(err)
	}
}

func startRegistry(ts *testscript.TestScript, secure bool) string {
	r := imagetest.Serve(secure)
	ts.Defer(r.Close)
	registries.Store(r.Host(), r)
	if secure {
		file := ts.MkAbs("registry.pem")
		ts.Check(os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: r.Certificate().Raw}), 0o666))
		ts.Setenv("SSL_CERT_FILE", file)
	}
	return r.Host()
}

func registryAt(ts *testscript.TestScript, host string) *imagetest.Registry {
	r, ok := registries.Load(host)
	if !ok {
		ts.Fatalf("no registry %s", host)
	}
	return r.(*imagetest.Registry)
}

// requests HOST FILE: writes into FILE what the registry was asked for since the
// last time.
func requests(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: requests HOST FILE")
	}
	list := registryAt(ts, args[0]).Requests()
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), []byte(strings.Join(list, "\n")+"\n"), 0o666))
}

// mkimage FILE TARGET...: makes the images that FILE describes (see
// imagetest.Parse) and writes them to each TARGET: HOST/NAME:TAG of a registry
// of the script, oci:DIR, oci-archive:FILE, docker-archive:FILE[:TAG], which has
// the first only. It sets $IMAGE_DIGEST to that of the last image.
func makeImage(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: mkimage FILE TARGET...")
	}
	images, err := imagetest.Parse(ts.ReadFile(args[0]), ts.MkAbs("."))
	ts.Check(err)
	for _, target := range args[1:] {
		scheme, rest, _ := strings.Cut(target, ":")
		switch scheme {
		case "oci":
			ts.Check(imagetest.WriteOCI(ts.MkAbs(rest), images...))
		case "oci-archive":
			ts.Check(imagetest.WriteOCIArchive(ts.MkAbs(rest), images...))
		case "docker-archive":
			file, tag, _ := strings.Cut(rest, ":")
			ts.Check(imagetest.WriteDocker(ts.MkAbs(file), tag, images[0]))
		default:
			host, name, _ := strings.Cut(target, "/")
			ts.Check(registryAt(ts, host).Push(filepath.ToSlash(name), images...))
		}
	}
	digest, err := images[len(images)-1].Digest()
	ts.Check(err)
	ts.Setenv("IMAGE_DIGEST", digest.String())
}

// pinfixPeak is pinfix that says at its end how much memory it has had at most,
// and exits with 99 if that is more than 128 MiB. (What the parent learns by
// wait4 counts its own memory too.)
func pinfixPeak() {
	code := run(context.Background(), os.Environ(), os.Stdin, os.Stdout, os.Stderr, os.Args)
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		log.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(status), "VmHWM:")
	kib, err := strconv.Atoi(strings.Fields(rest)[0])
	if err != nil {
		log.Fatal(err)
	}
	fmt.Fprintf(os.Stderr, "peak: %d MiB\n", kib>>10)
	if kib>>10 > 128 {
		code = 99
	}
	os.Exit(code)
}
