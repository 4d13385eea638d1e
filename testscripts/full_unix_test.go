//go:build unix

package testscripts

import (
	"fmt"
	"net"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// fullQueue listens with the shortest queue there is, fills it, and says so.
// It ends at Ctrl+C.
func fullQueue() error {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	defer ln.Close()
	raw, err := ln.(*net.TCPListener).SyscallConn()
	if err != nil {
		return err
	}
	// A second listen on the same socket changes only the length of its queue.
	if err := raw.Control(func(fd uintptr) { err = syscall.Listen(int(fd), 0) }); err != nil {
		return err
	}
	if err != nil {
		return err
	}
	for range 16 { // systems differ in how many they let in
		conn, err := net.DialTimeout("tcp", ln.Addr().String(), 200*time.Millisecond)
		if err != nil {
			fmt.Println("Waiting for connection on", ln.Addr())
			stopped := make(chan os.Signal, 1)
			signal.Notify(stopped, os.Interrupt)
			select {
			case <-stopped:
			case <-time.After(patience):
			}
			return nil
		}
		defer conn.Close()
	}
	return fmt.Errorf("the queue of %s is not full after 16 connections", ln.Addr())
}
