package report

import (
	"io"
	"net/url"
	"strings"
)

// The part of SARIF 2.1.0 that pinfix writes
// (https://docs.oasis-open.org/sarif/sarif/v2.1.0/).
type sarifLog struct {
	Schema  string     `json:"$schema"`
	Version string     `json:"version"`
	Runs    []sarifRun `json:"runs"`
}

type sarifRun struct {
	Tool    sarifTool     `json:"tool"`
	Results []sarifResult `json:"results"`

	Invocations []sarifInvocation `json:"invocations,omitempty"`
}

// sarifInvocation is a run that has failed.
type sarifInvocation struct {
	ExecutionSuccessful        bool                `json:"executionSuccessful"`
	ToolExecutionNotifications []sarifNotification `json:"toolExecutionNotifications"`
}

type sarifNotification struct {
	Level   string    `json:"level"`
	Message sarifText `json:"message"`
}

type sarifTool struct {
	Driver sarifDriver `json:"driver"`
}

type sarifDriver struct {
	Name           string      `json:"name"`
	InformationURI string      `json:"informationUri"`
	Rules          []sarifRule `json:"rules"`
}

type sarifRule struct {
	ID               string    `json:"id"`
	ShortDescription sarifText `json:"shortDescription"`
}

type sarifText struct {
	Text string `json:"text"`
}

type sarifResult struct {
	RuleID    string          `json:"ruleId"`
	Level     string          `json:"level"`
	Message   sarifText       `json:"message"`
	Locations []sarifLocation `json:"locations"`
}

type sarifLocation struct {
	PhysicalLocation sarifPhysical `json:"physicalLocation"`
}

type sarifPhysical struct {
	ArtifactLocation sarifArtifact `json:"artifactLocation"`
	Region           *sarifRegion  `json:"region,omitempty"`
}

type sarifArtifact struct {
	URI string `json:"uri"`
}

type sarifRegion struct {
	StartLine int `json:"startLine"`
}

// sarif writes results and the rules that they name, and whether the run has failed.
func sarif(w io.Writer, rules []sarifRule, results []sarifResult, failed ...sarifInvocation) error {
	return JSON(w, sarifLog{
		Schema:  "https://json.schemastore.org/sarif-2.1.0.json",
		Version: "2.1.0",
		Runs: []sarifRun{{
			Tool:    sarifTool{sarifDriver{"pinfix", "https://github.com/pinfix/pinfix", rules}},
			Results: results, Invocations: failed,
		}},
	})
}

// SARIF writes one result for each cause of each plugin.
func (r *Verify) SARIF(w io.Writer) error {
	rules, results := []sarifRule{}, []sarifResult{}
	for _, p := range r.Plugins {
		for _, c := range p.Causes {
			rules = addRule(rules, c.Cause, "the server refuses the plugin: "+c.Cause)
			results = append(results, sarifAt(c.Cause, "error", c.message(), p.File, 0))
		}
	}
	return sarif(w, rules, results)
}

// sarifAt is a result at a line of a file, or at the file as a whole.
func sarifAt(rule, level, text, file string, line int) sarifResult {
	at := sarifPhysical{ArtifactLocation: sarifArtifact{(&url.URL{Path: strings.ReplaceAll(file, `\`, "/")}).EscapedPath()}}
	if line > 0 {
		at.Region = &sarifRegion{line}
	}
	return sarifResult{rule, level, sarifText{text}, []sarifLocation{{at}}}
}
