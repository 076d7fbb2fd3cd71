package explain

import "github.com/pinfix/pinfix/internal/pattern"

// escapeRE is what colours and moves the cursor: CSI and OSC sequences, and
// the short ones (ECMA-48).
var escapeRE = pattern.New("\x1b(?:\\[[0-?]*[ -/]*[@-~]|\\][^\x07\x1b]*(?:\x07|\x1b\\\\)?|[@-Z^_]?)")

// prefixRE is what loggers, container engines and CI systems put before a
// line. The lines of an error that goes over several are compared by their
// indentation, so it has to go.
var prefixRE = pattern.New(`^(?:[ \t]*(?:` +
	`#\d+ (?:\d+\.\d+ )?|` + // docker build, "#12 0.303 "
	`\d+\.\d{3,} |` + // its summary, "0.303 "
	`[A-Za-z][\w.-]* +\| ?|` + // docker compose, "server-1  | "
	`\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d\S* +(?:std(?:out|err) [FP] )?|` + // RFC 3339, Kubernetes
	`\d{4}/\d\d/\d\d \d\d:\d\d:\d\d(?:\.\d+)? +|` + // package log
	`[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \S+ [^\s:]+: +|` + // syslog, journald
	`[IWEF]\d{4} \d\d:\d\d:\d\d\.\d+ +\d+ \S+\] +|` + // klog, glog
	`\[[\d :.TZ+/-]+\] +|` + // "[2026-11-21 05:12:05] "
	`> ` + // quoted in an issue
	`)){0,4}`)
