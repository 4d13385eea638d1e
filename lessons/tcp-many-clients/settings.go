package main

import (
	"flag"
	"fmt"

	"example.com/sockets/shared/lesson"
	"example.com/sockets/shared/steplog"
)

// settings are the flags of the server.
var settings serverFlags

type serverFlags struct {
	serve bool
	addr  string
	most  int
	flags *flag.FlagSet
}

func (f *serverFlags) define(fs *flag.FlagSet) {
	fs.BoolVar(&f.serve, "serve", false, "be an echo server until Ctrl+C or SIGTERM, and play nothing (default false)")
	fs.StringVar(&f.addr, "addr", "127.0.0.1:7001", "with -serve: listen on `host:port`; port 0: the system chooses")
	fs.IntVar(&f.most, "most", 10000, "with -serve: serve at most this `number` of clients at once; the others wait")
	f.flags = fs
}

func (f *serverFlags) check() (err error) {
	f.flags.Visit(func(given *flag.Flag) {
		if !f.serve && (given.Name == "addr" || given.Name == "most") {
			err = fmt.Errorf("-%s: needs -serve, as it is for the server", given.Name)
		}
	})
	if err != nil {
		return err
	}
	if f.most < 1 {
		return fmt.Errorf("-most %d: must be 1 or more", f.most)
	}
	if err := lesson.CheckAddr(f.addr, true); err != nil {
		return fmt.Errorf("-addr %s: %w", steplog.Quote(f.addr), err)
	}
	return nil
}
