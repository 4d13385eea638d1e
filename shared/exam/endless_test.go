//go:build catalogue

package exam

func init() { deadly["has no end"] = deadlyAnswer{func() { select {} }, Endless.Idea, Ended.Idea} }
