//go:build !unix

package bounded

// noWait is for pipes that are files; here there are none.
const noWait = 0
