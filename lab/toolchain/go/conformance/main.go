// The Gateway API's conformance suite as a program, with the flags of its package.
package main

import (
	"testing"

	"sigs.k8s.io/gateway-api/conformance"
	"sigs.k8s.io/gateway-api/conformance/tests"
)

func main() {
	// The suite's report counts a parallel test as passed before it has run: testing's Run returns when the test waits.
	for index := range tests.ConformanceTests {
		tests.ConformanceTests[index].Parallel = false
	}
	all := func(_, _ string) (bool, error) { return true, nil }
	testing.Main(all, []testing.InternalTest{{Name: "TestConformance", F: conformance.RunConformance}}, nil, nil)
}
