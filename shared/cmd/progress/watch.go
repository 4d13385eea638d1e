package main

import (
	"context"
	"os"
	"path/filepath"
	"time"

	"github.com/fsnotify/fsnotify"
)

const (
	// pollEvery is how often files are looked at where the system does not tell
	// of changes.
	pollEvery = 500 * time.Millisecond
	// settle is how long a folder has to be quiet before it is checked: editors
	// save in several steps.
	settle = 50 * time.Millisecond
)

// watch returns a channel that gets an exercise each time a Go file of it was
// saved. The channel is closed when ctx ends.
func watch(ctx context.Context, exercises []exercise, polling bool) <-chan exercise {
	saved := make(chan exercise)
	if polling || notify(ctx, exercises, saved) != nil {
		poll(ctx, exercises, saved)
	}
	return saved
}

// notify sends to saved what the system tells of changes. It returns an error
// where the system does not tell.
func notify(ctx context.Context, exercises []exercise, saved chan<- exercise) error {
	w, err := fsnotify.NewWatcher()
	if err != nil {
		return err
	}
	byDir := map[string]exercise{}
	for _, e := range exercises {
		byDir[e.dir] = e
		// The folder and not the file: many editors save by putting a new file
		// in the place of the old one.
		if err := w.Add(e.dir); err != nil {
			w.Close()
			return err
		}
	}
	go func() {
		defer close(saved)
		defer w.Close()
		quiet := time.NewTimer(0)
		quiet.Stop()
		var last exercise
		for {
			select {
			case change := <-w.Events:
				if filepath.Ext(change.Name) == ".go" && !change.Has(fsnotify.Chmod) {
					last = byDir[filepath.Dir(change.Name)]
					quiet.Reset(settle)
				}
			case <-w.Errors: // a change may be lost; the next save is seen
			case <-quiet.C:
				if !send(ctx, saved, last) {
					return
				}
			case <-ctx.Done():
				return
			}
		}
	}()
	return nil
}

// poll sends to saved what differs from one look at the files to the next. The
// first look is over when it returns.
func poll(ctx context.Context, exercises []exercise, saved chan<- exercise) {
	seen := make([]time.Time, len(exercises))
	for i, e := range exercises {
		seen[i] = newest(e.dir)
	}
	go func() {
		defer close(saved)
		tick := time.NewTicker(pollEvery)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
			case <-ctx.Done():
				return
			}
			for i, e := range exercises {
				now := newest(e.dir)
				if now.Equal(seen[i]) {
					continue
				}
				seen[i] = now
				if !send(ctx, saved, e) {
					return
				}
			}
		}
	}()
}

// newest returns when the last of a folder's Go files was changed.
func newest(dir string) (last time.Time) {
	files, _ := filepath.Glob(filepath.Join(dir, "*.go"))
	for _, path := range files {
		if info, err := os.Stat(path); err == nil && info.ModTime().After(last) {
			last = info.ModTime()
		}
	}
	return last
}

func send(ctx context.Context, saved chan<- exercise, e exercise) bool {
	select {
	case saved <- e:
		return true
	case <-ctx.Done():
		return false
	}
}
