// The server of the demo: a program that logs with zap and loads a plugin.
package main

import (
	"fmt"
	"os"
	"plugin"

	"go.uber.org/zap"
)

func main() {
	p, err := plugin.Open(os.Args[1])
	if err != nil {
		fmt.Fprintln(os.Stderr, "server:", err)
		os.Exit(1)
	}
	start, err := p.Lookup("Start")
	if err != nil {
		fmt.Fprintln(os.Stderr, "server:", err)
		os.Exit(1)
	}
	fmt.Println("server: loaded;", start.(func(*zap.Logger) string)(zap.NewNop()))
}
