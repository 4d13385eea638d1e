//go:build !race

package testscripts

// raceEnabled tells whether the tests were built with the race detector.
const raceEnabled = false
