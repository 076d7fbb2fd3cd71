package main

import (
	"strings"
	"testing"
)

// TestLateFlags: a flag after an argument counts, but for what is behind "--".
func TestLateFlags(t *testing.T) {
	for _, tt := range []struct{ args, want string }{
		{"pinfix apply ./... -n", "pinfix apply -n ./..."},
		{"pinfix apply -s x ./... -n --format json", "pinfix apply -s x -n --format json ./..."},
		{"pinfix apply plugins/... --vendor=never -q", "pinfix apply --vendor=never -q plugins/..."},
		{"pinfix hook install ./... -C x", "pinfix hook install -C x ./..."},
		{"pinfix build ./... --print -o out/", "pinfix build --print -o out/ ./..."},
		{"pinfix check ./... more -q", "pinfix check -q ./... more"},
		{"pinfix check ./... -", "pinfix check ./... -"},
		{"pinfix apply --package ./... -n", "pinfix apply --package ./... -n"},
		{"pinfix apply --package ./... ./... -n", "pinfix apply --package ./... -n ./..."},
		{"pinfix apply --package -n ./...", "pinfix apply --package -n ./..."},
		{"pinfix build ./x -o y", "pinfix build -o y ./x"},
		{"pinfix build ./x ./... -o y", "pinfix build -o y ./x ./..."},
		{"pinfix apply -- ./... -n", "pinfix apply -- ./... -n"},
		{"pinfix apply ./... -- -n", "pinfix apply -- ./... -n"},
		{"pinfix verify a.so -q -- -b.so", "pinfix verify -q -- a.so -b.so"},
		{"pinfix verify a.so -s server b.so -v", "pinfix verify -s server -v a.so b.so"},
		{"pinfix explain - --format json", "pinfix explain --format json -"},
		{"pinfix aply ./... -n", "pinfix aply ./... -n"},
		{"pinfix ./... -n", "pinfix ./... -n"},
	} {
		args := strings.Fields(tt.args)
		if got := strings.Join(lateFlags((&env{}).app(), args), " "); got != tt.want {
			t.Errorf("%s\n got %s\nwant %s", tt.args, got, tt.want)
		}
	}
}
