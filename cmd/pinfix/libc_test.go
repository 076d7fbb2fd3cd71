package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/pinfix/pinfix/internal/imagetest"
	"github.com/pinfix/pinfix/internal/report"
	"github.com/pinfix/pinfix/internal/tier"
)

// A libcPlugin is a plugin whose C code is compiled by this machine's glibc, and given to
// a server on musl.
type libcPlugin struct {
	name string
	top  string // of the C code: includes, functions
	run  string // the body of int run(void)
	cgo  string // #cgo lines
	more map[string]string
	env  []string

	// lacks is what musl's loader names: a symbol, or a library. "" if it loads the
	// plugin. A library that begins with "?" is one that an image may have.
	// Behind "|" is what verify calls it, if it is another word.
	lacks string
	warn  string // in verify's warnings
}

const (
	fortified = "CGO_CFLAGS=-O2 -g -D_FORTIFY_SOURCE=2"
	without   = "CGO_CFLAGS=-O2 -g -D_FORTIFY_SOURCE=2 -U_FORTIFY_SOURCE"
)

var libcPlugins = []libcPlugin{
	{name: "stdio", top: "#include <stdio.h>", run: `char b[64]; setvbuf(stdout, 0, _IONBF, 0); return printf("%d\n", snprintf(b, sizeof b, "%s", "x"));`},
	{name: "fortify", top: "#include <stdio.h>", run: `return printf("%d\n", 1);`, env: []string{fortified}, lacks: "printf_chk"},
	{name: "fortify_off", top: "#include <stdio.h>", run: `return printf("%d\n", 1);`, env: []string{without}},
	{name: "backtrace", top: "#include <execinfo.h>", run: "void *p[4]; return backtrace(p, 4);", lacks: "backtrace"},
	{name: "tls", top: "__thread int count; int bump(void) { return ++count; }", run: "return bump();", lacks: "ld-linux-x86-64.so.2"},
	{name: "statx", top: "#define _GNU_SOURCE\n#include <sys/stat.h>\n#include <fcntl.h>", run: `struct statx s; return statx(AT_FDCWD, "/", 0, STATX_SIZE, &s);`, lacks: "statx"},
	{name: "clones", top: "__attribute__((target_clones(\"avx2\", \"default\"))) static int sum(int n) { int s = 0; for (int i = 0; i < n; i++) s += i * n; return s; }\nint (*f)(int) = sum;", run: "return f(7);", lacks: "unsupported relocation type 37|indirect functions"},
	{name: "of_server", top: "extern int server_offers(void);", run: "return server_offers();"},
	{name: "nowhere", top: "extern int nowhere(void);", run: "return nowhere();", lacks: "nowhere"},
	{name: "cpp", top: "int cpp(void);", run: "return cpp();", more: map[string]string{
		"x.cpp": "#include <string>\n#include <stdexcept>\nextern \"C\" int cpp(void) { try { throw std::runtime_error(std::string(40, 'x')); } catch (std::exception &e) { return std::string(e.what()).size(); } }\n"},
		lacks: "?libstdc++.so.6", warn: "libstdc++ on Alpine"},
}

// moreLibcPlugins are further ones of the same kinds, for the whole suite.
var moreLibcPlugins = []libcPlugin{
	{name: "pure", top: "", run: "return 1;"},
	{name: "memcpy_chk", top: "#include <string.h>\n#include <stdlib.h>", run: "char b[8]; volatile size_t n = 3; memcpy(b, getenv(\"PATH\"), n); return b[0];", cgo: "#cgo CFLAGS: -O2 -D_FORTIFY_SOURCE=2", env: []string{without}, lacks: "__memcpy_chk"},
	{name: "cpp_static", top: "int cpp(void);", run: "return cpp();", cgo: "#cgo LDFLAGS: -static-libstdc++ -static-libgcc", more: map[string]string{
		"x.cpp": "#include <string>\nextern \"C\" int cpp(void) { return std::to_string(17).size(); }\n"}, lacks: "ld-linux-x86-64.so.2"},
	{name: "getrandom", top: "#include <sys/random.h>", run: "char b[8]; return getrandom(b, sizeof b, 0);"},
	{name: "pthread", top: "#include <pthread.h>\nstatic void *f(void *x) { return x; }", run: "pthread_t t; void *r; pthread_create(&t, 0, f, &t); pthread_join(t, &r); return r == &t;", cgo: "#cgo LDFLAGS: -lpthread"},
	{name: "math", top: "#include <math.h>\nvolatile double x = 2;", run: "return sin(x) + exp(x) + lgamma(x) + pow(x, x) + fmod(x, 3);", cgo: "#cgo LDFLAGS: -lm"},
	{name: "math_vector", top: "#include <math.h>\ndouble a[64];", run: "for (int i = 0; i < 64; i++) a[i] = sin(a[i]); return a[7];", cgo: "#cgo CFLAGS: -O3 -ffast-math\n#cgo LDFLAGS: -lm", lacks: "libmvec.so.1"},
	{name: "iconv", top: "#include <iconv.h>", run: `iconv_t c = iconv_open("UTF-16LE", "UTF-8"); return c == (iconv_t)-1 ? 0 : iconv_close(c) + 1;`},
	{name: "regex", top: "#include <regex.h>", run: `regex_t r; return regcomp(&r, "a+", REG_EXTENDED) + !regexec(&r, "baa", 0, 0, 0);`},
	{name: "dlopen", top: "#include <dlfcn.h>", run: `return dlsym(RTLD_DEFAULT, "malloc") != 0 && dlopen("/nothing.so", RTLD_NOW) == 0 && dlerror() != 0;`, cgo: "#cgo LDFLAGS: -ldl"},
	{name: "locale", top: "#define _GNU_SOURCE\n#include <locale.h>\n#include <langinfo.h>\n#include <string.h>", run: `setlocale(LC_ALL, "C"); return nl_langinfo(CODESET) != 0 && strcoll_l("a", "a", newlocale(LC_ALL_MASK, "C", 0)) == 0;`},
	{name: "qsort_r", top: "#define _GNU_SOURCE\n#include <stdlib.h>\nstatic int less(const void *a, const void *b, void *c) { return *(const char *)a - *(const char *)b; }", run: `char b[] = "cba"; qsort_r(b, 3, 1, less, 0); return b[0];`},
	{name: "fts", top: "#include <fts.h>", run: `char *p[] = {"/nothing", 0}; FTS *f = fts_open(p, FTS_PHYSICAL, 0); return f ? fts_close(f) + 1 : 0;`, warn: "fts_open (only in Debian's musl)"},
	{name: "glob", top: "#include <glob.h>", run: `glob_t g; return glob("/*", 0, 0, &g) + g.gl_pathc > 0;`},
	{name: "getaddrinfo", top: "#include <netdb.h>", run: `struct addrinfo *a; return getaddrinfo("127.0.0.1", 0, 0, &a) == 0;`},
	{name: "large_files", top: "#define _LARGEFILE64_SOURCE\n#include <stdio.h>\n#include <fcntl.h>", run: `FILE *f = fopen64("/dev/null", "r"); return f && open64("/dev/null", O_RDONLY) > 0;`},
	{name: "error", top: "#include <error.h>", run: `error(0, 0, "%d", 1); return 1;`, lacks: "error"},
	{name: "argp", top: "#include <argp.h>", run: `argp_program_version = "1"; return argp_parse(0, 0, 0, 0, 0, 0);`, lacks: "argp_"},
	{name: "mallinfo", top: "#include <malloc.h>", run: "return mallinfo2().arena;", lacks: "mallinfo2"},
	{name: "context", top: "#include <ucontext.h>", run: "ucontext_t c; return getcontext(&c);", lacks: "getcontext"},
	{name: "environment", top: "#define _GNU_SOURCE\n#include <stdlib.h>\n#include <sys/auxv.h>", run: `return secure_getenv("PATH") != 0 && getauxval(AT_PAGESZ) > 0;`},
	{name: "scanf", top: "#include <stdio.h>\n#include <stdlib.h>", run: `int i; return sscanf("17", "%d", &i) + strtol("3", 0, 10);`},
	{name: "timer", top: "#include <time.h>\n#include <signal.h>", run: "timer_t t; struct sigevent e = {.sigev_notify = SIGEV_NONE}; return timer_create(CLOCK_MONOTONIC, &e, &t) + 1;", cgo: "#cgo LDFLAGS: -lrt"},
	{name: "weak", top: "extern int nothing(void) __attribute__((weak));", run: "return nothing ? nothing() : 7;"},
	{name: "setjmp", top: "#include <setjmp.h>\nstatic jmp_buf b;", run: "if (setjmp(b)) return 5; longjmp(b, 1);"},
	{name: "resolv", top: "#include <resolv.h>\n#include <netinet/in.h>", run: "return res_init();", lacks: "__res_init"},
	{name: "obstack", top: "#include <obstack.h>\n#include <stdlib.h>\n#define obstack_chunk_alloc malloc\n#define obstack_chunk_free free", run: "struct obstack o; obstack_init(&o); return obstack_room(&o);", lacks: "_obstack_begin"},
	{name: "netdb_go", more: map[string]string{"go.go": "package main\n\nimport (\n\t_ \"net\"\n\t_ \"os/user\"\n)\n"}, top: "", run: "return 1;"},
}

// libcServer loads plugins, and offers them a C function.
const libcServer = `package main

/*
int server_offers(void) { return 42; }
*/
import "C"

import (
	"os"
	"plugin"
)

func main() {
	p, err := plugin.Open(os.Args[1])
	if err != nil {
		os.Stdout.WriteString(err.Error())
		os.Exit(1)
	}
	f, err := p.Lookup("Run")
	if err != nil {
		panic(err)
	}
	if f.(func() int)() == 0 {
		os.Stdout.WriteString("its C code returns 0")
		os.Exit(1)
	}
	os.Stdout.WriteString("loaded")
}

var Keep = C.server_offers()
`

func (p libcPlugin) files() map[string]string {
	files := map[string]string{
		"go.mod":  "module example.com/" + p.name + "\n\ngo 1.22\n",
		"main.go": fmt.Sprintf("package main\n\n/*\n%s\n%s\nstatic int run(void) { %s }\n*/\nimport \"C\"\n\nfunc Run() int { return int(C.run()) }\n\nfunc main() {}\n", p.cgo, p.top, p.run),
	}
	for name, text := range p.more {
		files[name] = text
	}
	return files
}

// TestMuslLoader compares verify with musl's own loader, for plugins that were compiled
// with glibc: the same verdict, and what the loader names is among what verify names.
func TestMuslLoader(t *testing.T) {
	if runtime.GOOS != "linux" || runtime.GOARCH != "amd64" {
		t.Skip("the loader is that of linux/amd64")
	}
	t.Parallel()
	dir := t.TempDir()
	server := filepath.Join(dir, "server")
	goBuild(t, filepath.Join(dir, "src"), map[string]string{"go.mod": "module example.com/server\n\ngo 1.22\n", "main.go": libcServer}, []string{"CC=musl-gcc"}, "-o", server)
	image := muslImage(t, dir)
	env := []string{"XDG_CACHE_HOME=" + filepath.Join(dir, "cache"), "GOMODCACHE=" + filepath.Join(dir, "mod")}
	list := slices.Concat(libcPlugins, moreLibcPlugins)
	if testing.Short() {
		t.Logf(tier.Mark+"%d more plugins that were compiled with glibc, for musl's loader", len(moreLibcPlugins))
		list = libcPlugins
	}
	for _, p := range list {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			so := filepath.Join(dir, p.name+".so")
			goBuild(t, filepath.Join(dir, p.name), p.files(), p.env, "-buildmode=plugin", "-o", so)
			out, err := exec.Command(server, so).CombinedOutput()
			said, loads := string(out), err == nil
			lacks, optional := strings.CutPrefix(p.lacks, "?")
			lacks, named, ok := strings.Cut(lacks, "|")
			if !ok {
				named = lacks
			}
			if loads != (lacks == "") || !strings.Contains(said, lacks) {
				t.Errorf("musl's loader says %q, want %q", said, cond(lacks == "", "loaded", lacks))
			}
			v := verifyLibc(t, env, dir, image, so)
			if v.Loads != (loads || optional) {
				t.Errorf("verify says loads=%v, the loader %q: %+v", v.Loads, said, v)
			}
			for _, c := range v.Causes {
				if c.Cause != "libc" || c.Fix == "" {
					t.Errorf("verify says %+v", c)
				}
				if !slices.ContainsFunc(c.Differences, func(d report.Difference) bool { return strings.Contains(d.What, named) }) {
					t.Errorf("verify does not name %s: %+v", named, c)
				}
			}
			if warned := strings.Join(v.Warnings, "\n"); !strings.Contains(warned, p.warn) {
				t.Errorf("verify warns %q, want %q", warned, p.warn)
			}
		})
	}
}

func cond(ok bool, a, b string) string {
	if ok {
		return a
	}
	return b
}

// muslImage puts the server and the musl of this machine into an image, as Alpine's have
// it: so its release is known.
func muslImage(t *testing.T, dir string) string {
	t.Helper()
	loader, err := filepath.EvalSymlinks("/lib/ld-musl-x86_64.so.1")
	if err != nil {
		t.Fatal("needs musl (Debian: musl-tools); CI has it: ", err)
	}
	data, err := os.ReadFile(loader)
	if err != nil {
		t.Fatal(err)
	}
	put(t, filepath.Join(dir, "musl"), string(data))
	images, err := imagetest.Parse("platform linux/amd64\nentrypoint /server\nlayer gzip\nfile /lib/ld-musl-x86_64.so.1 musl\nfile /server server\n", dir)
	if err != nil {
		t.Fatal(err)
	}
	oci := filepath.Join(dir, "oci")
	if err := imagetest.WriteOCI(oci, images...); err != nil {
		t.Fatal(err)
	}
	return "oci:" + oci
}

// goBuild builds files, trimmed, with the Go of this machine.
func goBuild(t *testing.T, dir string, files map[string]string, env []string, args ...string) {
	t.Helper()
	for name, text := range files {
		put(t, filepath.Join(dir, name), text)
	}
	cmd := exec.Command("go", append([]string{"build", "-trimpath", "-buildvcs=false"}, append(args, ".")...)...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "PWD="+dir, "GOFLAGS=", "GOWORK=off", "GOENV=off", "GOTOOLCHAIN=local", "CGO_ENABLED=1")
	cmd.Env = append(cmd.Env, env...)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %v\n%s", cmd.Args, err, out)
	}
}

func verifyLibc(t *testing.T, env []string, dir, server, plugin string) report.Verified {
	t.Helper()
	var stdout, stderr bytes.Buffer
	code := run(t.Context(), env, nil, &stdout, &stderr, []string{"pinfix", "verify", "-C", dir, "-s", server, "--format", "json", plugin})
	var v report.Verify
	if err := json.Unmarshal(stdout.Bytes(), &v); err != nil {
		t.Fatalf("pinfix verify exits %d: %s", code, stderr.String())
	}
	return v.Plugins[0]
}
