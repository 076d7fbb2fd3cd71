// Command loader is the server of the tests: it loads each plugin it is given, as
// real servers do, and calls its Hello.
package main

import (
	"fmt"
	"os"
	"plugin"
)

func main() {
	for _, name := range os.Args[1:] {
		p, err := plugin.Open(name)
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		hello, err := p.Lookup("Hello")
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		fmt.Printf("loaded: %s\n", hello.(func() string)())
	}
}
