package main

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/fsnotify/fsnotify"
)

const (
	// lookEvery is how often the files are looked at in any case: some systems
	// and network folders do not tell of changes.
	lookEvery = 500 * time.Millisecond
	// settle is how long a folder has to be quiet before its files are looked at:
	// editors save in several steps.
	settle = 50 * time.Millisecond
)

// watch returns a channel that tells when it is time to look at the exercises'
// files: soon after a save where the system tells of it, and every tick.
func watch(ctx context.Context, exercises []exercise, tick <-chan time.Time) <-chan struct{} {
	look := make(chan struct{})
	var changes chan fsnotify.Event // nil, so silent, where the system does not tell
	var errs chan error
	w, err := fsnotify.NewWatcher()
	if err == nil {
		changes, errs = w.Events, w.Errors
		for _, e := range exercises {
			// The folder and not the file: many editors save by putting a new
			// file in the place of the old one.
			w.Add(e.dir) // what it cannot watch is left to the tick
		}
		context.AfterFunc(ctx, func() { w.Close() })
	}
	go func() {
		quiet := time.NewTimer(settle)
		quiet.Stop()
		for {
			select {
			case <-changes:
				quiet.Reset(settle)
				continue
			case <-errs: // a change may be lost: the tick finds it
				continue
			case <-quiet.C:
			case <-tick:
			case <-ctx.Done():
				return
			}
			select {
			case look <- struct{}{}:
			case <-ctx.Done():
				return
			}
		}
	}()
	return look
}

// stay checks all exercises, and then those that were saved, until ctx ends. Each
// time begin is told what is checked, and end the results. A save ends the check
// under way: what it would say is true no more.
func stay(ctx context.Context, exercises []exercise, look <-chan struct{},
	check func(context.Context, []exercise) ([]result, error), begin func([]exercise), end func([]result)) error {
	type outcome struct {
		results []result
		err     error
	}
	var (
		seen   = map[string]string{} // by lesson: the content that was checked last
		todo   []exercise            // what is being checked, or was when a save came
		run    sync.WaitGroup        // the check under way
		stop   = func() {}           // ends it
		ended  chan outcome          // gets its outcome
		result *outcome
	)
	defer func() { stop(); run.Wait() }()
	for {
		changed := false
		for _, e := range exercises {
			if now := e.content(); now != seen[e.lesson] {
				seen[e.lesson], changed = now, true
				if !slices.Contains(todo, e) {
					todo = append(todo, e)
				}
			}
		}
		switch {
		case changed:
			stop()
			run.Wait()
			begin(todo)
			runCtx, cancel := context.WithCancel(ctx)
			batch, out := todo, make(chan outcome, 1)
			stop, ended, result = cancel, out, nil
			run.Go(func() {
				results, err := check(runCtx, batch)
				out <- outcome{results, err}
			})
		case result != nil && result.err != nil:
			return result.err
		case result != nil:
			end(result.results)
			result, todo = nil, nil
		}
		select {
		case <-look:
		case o := <-ended:
			result = &o
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
