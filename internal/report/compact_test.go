package report

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestCompact: what is left of a diff has the changes alone, and hunks that name the right
// lines.
func TestCompact(t *testing.T) {
	const diff = `diff --git a/go.mod b/go.mod
index 1111111..2222222 100644
--- a/go.mod
+++ b/go.mod
@@ -2,9 +2,10 @@
 
 require (
-	a v1.0.0
+	a v1.1.0
 	b v1.0.0
 	c v1.0.0
-	d v1.0.0
 )
+
+exclude a v1.2.0
 
 end
@@ -20 +21 @@
--- one
+++ two
\ No newline at end of file
diff --git a/new.go b/new.go
new file mode 100644
index 000000000000..3333333
--- /dev/null
+++ b/new.go
@@ -0,0 +1,2 @@
+package a
+
`
	const want = `--- a/go.mod
+++ b/go.mod
@@ -4,1 +4,1 @@
-	a v1.0.0
+	a v1.1.0
@@ -7,1 +6,0 @@
-	d v1.0.0
@@ -8,0 +8,2 @@
+
+exclude a v1.2.0
@@ -20,1 +21,1 @@
--- one
+++ two
\ No newline at end of file
--- /dev/null
+++ b/new.go
@@ -0,0 +1,2 @@
+package a
+
`
	if d := cmp.Diff(want, compact(diff)); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
}
