package again

// These are of packages strings and path/filepath, which would not be ready yet: see asked.

// cut returns what is before the first sep in s, and what is after it.
func cut(s string, sep byte) (before, after string, found bool) {
	for i := range len(s) {
		if s[i] == sep {
			return s[:i], s[i+1:], true
		}
	}
	return s, "", false
}

// cutPrefix returns s without what it has to begin with.
func cutPrefix(s, prefix string) (rest string, found bool) {
	if len(s) < len(prefix) || s[:len(prefix)] != prefix {
		return s, false
	}
	return s[len(prefix):], true
}

// has reports whether c is in s.
func has(s string, c byte) bool {
	_, _, found := cut(s, c)
	return found
}

// isAbs reports whether a name is a full path, on the systems that are asked: see states.
func isAbs(name string) bool { return name != "" && name[0] == '/' }
