package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// applyTo runs pinfix apply in this process.
func applyTo(b *testing.B, dir, server string) {
	var stdout, stderr strings.Builder
	code := run(context.Background(), os.Environ(), nil, &stdout, &stderr, []string{"pinfix", "apply", "-C", dir, "-s", server})
	if code != exitOK {
		b.Fatalf("pinfix apply exits %d\n%s", code, stderr.String())
	}
}

func benchPlugin(b *testing.B) string {
	return copyTree(b, filepath.Join("..", "..", "testdata", "bench"))
}

func copyTree(b testing.TB, from string) string {
	dir := filepath.Join(b.TempDir(), "plugin")
	if err := os.CopyFS(dir, os.DirFS(from)); err != nil {
		b.Fatal(err)
	}
	return dir
}
