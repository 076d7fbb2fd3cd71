package verify

import (
	"slices"
	"strings"
)

// libraries returns the shared libraries that only the plugin asks for. A server
// may load more of them than it asks for itself, through those that it does ask
// for; that is not looked at.
func (c *comparison) libraries() []string {
	p, s := c.plugin.Binary, c.server.Binary
	if p == nil || s == nil || p.Format != "ELF" {
		return nil
	}
	var out []string
	for _, lib := range p.Needed {
		if !slices.Contains(s.Needed, lib) && !slices.Contains(out, lib) && !OfLibc(lib) {
			out = append(out, lib)
		}
	}
	return out
}

// libcParts are the libraries that glibc itself consists of; its symbol versions,
// not their names, say whether a plugin finds what it needs. musl has one file
// for all of them.
var libcParts = []string{
	"libc", "libm", "libmvec", "libpthread", "libdl", "librt", "libutil", "libresolv", "libanl", "libnsl", "libBrokenLocale", "libthread_db",
}

// OfLibc reports whether a library comes with the C library: those of another one
// are what [Libc] is about.
func OfLibc(lib string) bool {
	name, _, _ := strings.Cut(lib[strings.LastIndexByte(lib, '/')+1:], ".so")
	return slices.Contains(libcParts, name) || strings.HasPrefix(lib, "libc.musl-") ||
		strings.HasPrefix(name, "ld-") || name == "ld64" || name == "ld" || strings.HasPrefix(name, "libnss_")
}

// packaged are the packages of the libraries that C++ and C compilers add by themselves.
var packaged = map[string]string{
	"libstdc++.so.6": "libstdc++ on Alpine, libstdc++6 on Debian",
	"libgcc_s.so.1":  "libgcc on Alpine, libgcc-s1 on Debian",
	"libgomp.so.1":   "libgomp on Alpine, libgomp1 on Debian",
	"libatomic.so.1": "libatomic on Alpine, libatomic1 on Debian",
}

// inPackages says which packages hold the libraries, as far as that is known.
func inPackages(libs []string) string {
	var list []string
	for _, lib := range libs {
		if in := packaged[lib]; in != "" {
			list = append(list, in)
		}
	}
	if len(list) == 0 {
		return ""
	}
	return " (" + strings.Join(list, "; ") + ")"
}
