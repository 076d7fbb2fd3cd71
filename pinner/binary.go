package pinner

import "strings"

// A Binary holds what a program or plugin file says besides its build info: its machine,
// and what it needs from the dynamic loader.
type Binary struct {
	Format string   // "ELF" or "Mach-O"
	Arch   string   // GOARCH of its machine, "" if Go has no plugins for it
	Interp string   // dynamic loader of an ELF program; a plugin has none
	Needed []string // libraries it is linked against, in file order
	Glibc  string   // highest GLIBC_ symbol version it needs, "2.34"; "" for none

	// LibcRelease is that of the libc where it runs, "2.36", from its image; ""
	// where that is not known.
	LibcRelease string

	// Asks are the symbols that a plugin takes from others, by name; without those that
	// may stay undefined. nil for a server.
	Asks []Symbol

	// Cgo are the packages with C code of their own that a plugin links; nil where
	// that was not looked for.
	Cgo []string

	// IFuncs says that the file has indirect functions, GCC's target_clones and ifunc,
	// where that was looked for: musl loads none.
	IFuncs bool

	// Exports are those of the names that target.AddExports was asked for that a server's
	// program defines; nil where that was not looked for.
	Exports []string
}

// A Symbol is a name that a plugin needs from the libraries of the process that loads it.
// Version and Library say where the linker found it, "GLIBC_2.3.4" of "libc.so.6";
// "" for a library without versions, as musl is one.
type Symbol struct {
	Name, Version, Library string

	// From are the packages whose C code asks for it; nil where only a build knows.
	From []string
}

// Libc returns "musl" or "glibc", or "" where the file does not say. A process has one
// libc: glibc refuses a library that was linked against musl, musl takes one that was
// linked against glibc if it has all the symbols.
func (b *Binary) Libc() string {
	if b == nil {
		return ""
	}
	for _, lib := range append([]string{b.Interp[strings.LastIndexByte(b.Interp, '/')+1:]}, b.Needed...) {
		switch {
		case strings.HasPrefix(lib, "ld-musl-"), strings.HasPrefix(lib, "libc.musl-"), lib == "libc.so": // Debian's musl-gcc
			return "musl"
		case lib == "libc.so.6":
			return "glibc"
		}
	}
	if b.Glibc != "" {
		return "glibc"
	}
	return ""
}
