// The part of cert-manager's controller that the mesh needs: Issuers, and Kubernetes' certificate signing requests
// that Vault signs. Its own main package lies in a module that no Go module proxy serves.
//
// This module's path lies below cert-manager's: Go lets no other import its internal packages.
package main

import (
	"context"
	"net/http"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/pflag"
	"golang.org/x/sync/errgroup"

	"github.com/cert-manager/cert-manager/internal/controller/feature"
	"github.com/cert-manager/cert-manager/pkg/controller"
	requests "github.com/cert-manager/cert-manager/pkg/controller/certificatesigningrequests/vault"
	"github.com/cert-manager/cert-manager/pkg/controller/issuers"
	_ "github.com/cert-manager/cert-manager/pkg/issuer/vault"
	"github.com/cert-manager/cert-manager/pkg/logs"
	gates "github.com/cert-manager/cert-manager/pkg/util/feature"
)

const (
	health  = ":9403" // where the chart's liveness probe asks
	workers = 5
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	logs.InitLogs()
	if err := run(logs.NewContext(ctx, logs.Log, "controller")); err != nil && ctx.Err() == nil {
		logs.Log.Error(err, "the controller ends")
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	options, err := fromFlags(os.Args[1:])
	if err != nil {
		return err
	}
	factory, err := controller.NewContextFactory(ctx, options)
	if err != nil {
		return err
	}
	group, ctx := errgroup.WithContext(ctx)
	for _, name := range wanted() {
		one, err := controller.Known()[name](factory)
		if err != nil {
			return err
		}
		group.Go(func() error { return one.Run(workers, ctx) })
	}
	shared, err := factory.Build()
	if err != nil {
		return err
	}
	shared.SharedInformerFactory.Start(ctx.Done())
	shared.KubeSharedInformerFactory.Start(ctx.Done())
	go func() { _ = http.ListenAndServe(health, http.HandlerFunc(alive)) }()
	return group.Wait()
}

// fromFlags takes of the chart's arguments what these controllers know.
func fromFlags(arguments []string) (controller.ContextOptions, error) {
	flags := pflag.NewFlagSet("controller", pflag.ContinueOnError)
	flags.ParseErrorsAllowlist.UnknownFlags = true
	options := controller.ContextOptions{KubernetesAPIQPS: 20, KubernetesAPIBurst: 50}
	flags.StringVar(&options.ClusterResourceNamespace, "cluster-resource-namespace", "kube-system", "")
	enabled := flags.String("feature-gates", "", "")
	if err := flags.Parse(arguments); err != nil {
		return options, err
	}
	return options, gates.DefaultMutableFeatureGate.Set(*enabled)
}

func wanted() []string {
	if gates.DefaultFeatureGate.Enabled(feature.ExperimentalCertificateSigningRequestControllers) {
		return []string{issuers.ControllerName, requests.CSRControllerName}
	}
	return []string{issuers.ControllerName}
}

func alive(answer http.ResponseWriter, _ *http.Request) {
	answer.WriteHeader(http.StatusOK)
}
