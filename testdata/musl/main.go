// Command musl writes internal/libc/musl.txt: which names each release of musl exports.
// Its arguments are RELEASE/GOARCH=FILE, each a libc.so of one of Debian's packages of
// musl, the releases in order; .ci/musl fetches them.
package main

import (
	"bytes"
	"debug/elf"
	"fmt"
	"os"
	"slices"
	"strings"
)

// debian are the names that only Debian's packages export, and crypt's, which Debian's
// 1.2.3 left to another library: upstream has had those from the beginning.
var debian = map[string]string{
	"fts_children": "debian", "fts_close": "debian", "fts_open": "debian", "fts_read": "debian", "fts_set": "debian",
	"crypt": "", "crypt_r": "", "encrypt": "", "setkey": "",
}

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(args []string) error {
	since := map[string]string{}
	on := map[string]map[string]bool{}
	archs := map[string]bool{}
	first, _, _ := strings.Cut(args[0], "/")
	for _, arg := range args {
		what, file, _ := strings.Cut(arg, "=")
		release, arch, ok := strings.Cut(what, "/")
		if !ok || file == "" {
			return fmt.Errorf("%s: want RELEASE/GOARCH=FILE", arg)
		}
		names, err := exported(file)
		if err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
		archs[arch] = true
		for _, n := range names {
			if on[n] == nil {
				since[n], on[n] = release, map[string]bool{}
			}
			on[n][arch] = true
		}
	}
	blocks := map[string][]string{}
	for n, in := range on {
		head := since[n]
		if by, ok := debian[n]; ok {
			head = strings.TrimSpace(first + " " + by)
		}
		if len(in) < len(archs) {
			for _, arch := range sorted(in) {
				head += " " + arch
			}
		}
		blocks[head] = append(blocks[head], n)
	}
	fmt.Println("# What musl exports, by .ci/musl from Debian's packages. A line with @ says from which")
	fmt.Println("# release on, the oldest meaning that or an older one, and on which processors if not on all.")
	for _, head := range sorted(blocks) {
		fmt.Println("@" + head)
		slices.Sort(blocks[head])
		for _, n := range blocks[head] {
			fmt.Println(n)
		}
	}
	return nil
}

func sorted[V any](m map[string]V) []string {
	var list []string
	for k := range m {
		list = append(list, k)
	}
	slices.Sort(list)
	return list
}

// exported returns the names that musl's loader finds in its own libc.so.
func exported(file string) ([]string, error) {
	f, err := elf.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	syms, err := f.DynamicSymbols()
	if err != nil {
		return nil, err
	}
	var names []string
	for _, s := range syms {
		if s.Section != elf.SHN_UNDEF && elf.ST_BIND(s.Info) != elf.STB_LOCAL && s.Name != "" {
			names = append(names, s.Name)
		}
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	return append(names, large(data)...), nil
}

// large returns the names of the interfaces for large files, open64 for open. From 1.2.4
// on they are no symbols any more, but the loader (ldso/dynlink.c) has a list of those
// that it answers with the plain ones.
func large(data []byte) []string {
	_, list, ok := bytes.Cut(data, []byte("\x00aio_cancel\x00aio_error\x00"))
	if !ok {
		return nil
	}
	names := []string{"aio_cancel64", "aio_error64", "readdir64_r"}
	for name := range bytes.SplitSeq(list, []byte{0}) {
		if len(name) == 0 {
			break
		}
		names = append(names, string(name)+"64")
	}
	return names
}
