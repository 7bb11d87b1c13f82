// The part of cert-manager's controller that the mesh needs. With the feature gate for Kubernetes' certificate signing
// requests: Issuers, and what Vault signs of those. Without it, as a cluster's own: Certificates, which Issuers of the
// types ca and selfSigned sign. Its own main package lies in a module that no Go module proxy serves.
//
// This module's path lies below cert-manager's: Go lets no other import its internal packages.
package main

import (
	"context"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/spf13/pflag"
	"golang.org/x/sync/errgroup"

	"github.com/cert-manager/cert-manager/internal/controller/feature"
	"github.com/cert-manager/cert-manager/pkg/controller"
	"github.com/cert-manager/cert-manager/pkg/controller/certificaterequests/approver"
	"github.com/cert-manager/cert-manager/pkg/controller/certificaterequests/ca"
	"github.com/cert-manager/cert-manager/pkg/controller/certificaterequests/selfsigned"
	"github.com/cert-manager/cert-manager/pkg/controller/certificates/issuing"
	"github.com/cert-manager/cert-manager/pkg/controller/certificates/keymanager"
	"github.com/cert-manager/cert-manager/pkg/controller/certificates/readiness"
	"github.com/cert-manager/cert-manager/pkg/controller/certificates/requestmanager"
	"github.com/cert-manager/cert-manager/pkg/controller/certificates/revisionmanager"
	"github.com/cert-manager/cert-manager/pkg/controller/certificates/trigger"
	requests "github.com/cert-manager/cert-manager/pkg/controller/certificatesigningrequests/vault"
	"github.com/cert-manager/cert-manager/pkg/controller/clusterissuers"
	"github.com/cert-manager/cert-manager/pkg/controller/issuers"
	_ "github.com/cert-manager/cert-manager/pkg/issuer/ca"
	_ "github.com/cert-manager/cert-manager/pkg/issuer/selfsigned"
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
	options.CertificateRequestMinimumBackoffDuration = time.Hour
	options.CertificateRequestMaximumBackoffDuration = 32 * time.Hour
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
	return []string{
		issuers.ControllerName, clusterissuers.ControllerName,
		trigger.ControllerName, keymanager.ControllerName, requestmanager.ControllerName, issuing.ControllerName,
		readiness.ControllerName, revisionmanager.ControllerName,
		approver.ControllerName, ca.CRControllerName, selfsigned.CRControllerName,
	}
}

func alive(answer http.ResponseWriter, _ *http.Request) {
	answer.WriteHeader(http.StatusOK)
}
