# What the token of `pulumi up` may do: enough to make the mesh's intermediate CA and nothing else.
# Change `pki_int` and `pki` if vault.mount and vault.rootMount say otherwise, then:
#   vault policy write pi-mesh docs/vault/policy.hcl
#   vault token create -policy=pi-mesh -no-default-policy -period=1h

# The mount of the intermediate CA: made, tuned, and removed when vault.enabled goes off.
path "sys/mounts/pki_int" {
  capabilities = ["create", "read", "update", "delete"]
}
path "sys/mounts/pki_int/tune" {
  capabilities = ["read", "update"]
}
path "sys/mounts" {
  capabilities = ["read"]
}

# Its key and signing request. `exported` hands the key over once, at generation, and never again; `internal` never
# does. Only the one that vault.key says is needed.
path "pki_int/intermediate/generate/exported" {
  capabilities = ["create", "update"]
}
path "pki_int/intermediate/generate/internal" {
  capabilities = ["create", "update"]
}
path "pki_int/intermediate/set-signed" {
  capabilities = ["create", "update"]
}

# What it says of itself, who may sign with it, and tidying up.
path "pki_int/config/urls" {
  capabilities = ["create", "read", "update"]
}
path "pki_int/config/issuers" {
  capabilities = ["create", "read", "update"]
}
path "pki_int/config/auto-tidy" {
  capabilities = ["create", "read", "update"]
}
path "pki_int/roles/mesh-workload" {
  capabilities = ["create", "read", "update", "delete"]
}
path "pki_int/roles/mesh-istiod" {
  capabilities = ["create", "read", "update", "delete"]
}

# The signature of the CA above. Not its configuration, not its other issuers' keys.
path "pki/root/sign-intermediate" {
  capabilities = ["create", "update"]
}

# Whether the token is good, before anything is begun.
path "auth/token/lookup-self" {
  capabilities = ["read"]
}
