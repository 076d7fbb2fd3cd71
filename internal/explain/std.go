package explain

import (
	"slices"
	"strings"

	"github.com/pinfix/pinfix/internal/modpath"
)

// stdRoots are the first elements of the standard library's import paths, of
// all Go releases that build plugins. None holds a dot; a module's does, but
// for modules that were never meant to be published.
var stdRoots = set("archive arena bufio builtin bytes cmp compress container context crypto database debug embed encoding " +
	"errors expvar flag fmt go hash html image index internal io iter log maps math mime net os path plugin reflect regexp " +
	"runtime simd slices sort strconv strings structs sync syscall testing text time unicode unique unsafe uuid vendor weak")

// stdSince are the packages that the standard library gained, with the Go
// release: an older Go takes them for packages of the plugin's own that are
// missing.
var stdSince = map[string]string{
	"embed": "1.16", "io/fs": "1.16", "testing/fstest": "1.16", "go/build/constraint": "1.16", "runtime/metrics": "1.16",
	"runtime/cgo": "1.17", "net/netip": "1.18", "debug/buildinfo": "1.18",
	"go/doc/comment": "1.19",
	"crypto/ecdh":    "1.20", "runtime/coverage": "1.20",
	"slices": "1.21", "maps": "1.21", "cmp": "1.21", "log/slog": "1.21", "testing/slogtest": "1.21",
	"math/rand/v2": "1.22", "go/version": "1.22",
	"iter": "1.23", "unique": "1.23", "structs": "1.23",
	"weak": "1.24", "crypto/fips140": "1.24", "crypto/hkdf": "1.24", "crypto/mlkem": "1.24", "crypto/pbkdf2": "1.24",
	"crypto/sha3": "1.24", "testing/synctest": "1.25",
	"crypto/hpke": "1.26", "crypto/mlkem/mlkemtest": "1.26", "testing/cryptotest": "1.26", "uuid": "1.27",
}

func set(words string) map[string]bool {
	m := map[string]bool{}
	for w := range strings.FieldsSeq(words) {
		m[w] = true
	}
	return m
}

// isStd reports whether pkg is a package of the standard library, which the
// toolchain and its flags decide about, not a module.
func isStd(pkg string) bool {
	root, _, _ := strings.Cut(pkg, "/")
	return stdRoots[root]
}

// stdWhy says what else than the Go release decides about a package of the
// standard library.
func stdWhy(pkg string) string {
	below := func(roots ...string) bool {
		return slices.ContainsFunc(roots, func(r string) bool { return modpath.In(pkg, r) })
	}
	const same = "a package of the standard library: the plugin was built with another Go release than the server, or with other flags "
	switch {
	case below("net", "os/user", "runtime/cgo", "vendor/golang.org/x/net"):
		return same + "(for this package most often -tags netgo or osusergo, or CGO_ENABLED)"
	case below("internal/goexperiment", "internal/buildcfg"):
		return same + "(for this package most often GOEXPERIMENT)"
	case below("crypto"):
		return same + "(for this package also GOFIPS140 or -tags purego)"
	case pkg == "runtime":
		return same + "(for this package also -pgo)"
	}
	return same + "(-trimpath, -race, -gcflags)"
}
