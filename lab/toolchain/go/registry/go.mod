module lab/toolchain/go/registry

go 1.26.0
