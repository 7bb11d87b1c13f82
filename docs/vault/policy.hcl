# What the token of `pulumi up` may do: make the mesh's intermediate CA, and nothing else.
# Change `pki_int` and `pki` if vault.mount and vault.rootMount say otherwise, and the name and the life below if
# vault.commonName and vault.ttl do. Then:
#   vault policy write pi-mesh docs/vault/policy.hcl
#   vault token create -policy=pi-mesh -no-default-policy -period=1h
# Each rule is a call of Pulumi's Vault plugin (lab/vault_plugin/contract.json lists them) or of this program.

# Whether the token is good, before anything is begun.
path "auth/token/lookup-self" {
  capabilities = ["read"]
}

# The mount of the intermediate CA: made, tuned, and removed when vault.enabled goes off. Of type PKI and no other.
path "sys/mounts/pki_int" {
  capabilities       = ["read", "update", "delete"]
  allowed_parameters = { "type" = ["pki"], "*" = [] }
}
path "sys/mounts/pki_int/tune" {
  capabilities = ["update"]
}

# Its key and signing request. `exported` hands the key over once, at generation, and never again; `internal` never
# does. Only the one that vault.key says is needed.
path "pki_int/issuers/generate/intermediate/exported" {
  capabilities = ["update"]
  allowed_parameters = {
    "common_name"           = ["Istio Intermediate CA"]
    "key_type"              = ["ec"]
    "key_bits"              = []
    "format"                = ["pem"]
    "private_key_format"    = ["der"]
    "exclude_cn_from_sans"  = [true]
    "add_basic_constraints" = [true]
  }
  required_parameters = ["common_name", "key_type"]
}
path "pki_int/issuers/generate/intermediate/internal" {
  capabilities = ["update"]
  allowed_parameters = {
    "common_name"           = ["Istio Intermediate CA"]
    "key_type"              = ["ec"]
    "key_bits"              = []
    "format"                = ["pem"]
    "private_key_format"    = ["der"]
    "exclude_cn_from_sans"  = [true]
    "add_basic_constraints" = [true]
  }
  required_parameters = ["common_name", "key_type"]
}
path "pki_int/intermediate/set-signed" {
  capabilities = ["update"]
}

# What it says of itself, which of its issuers signs, tidying up, and who may sign with it.
path "pki_int/config/urls" {
  capabilities = ["read", "update"]
}
path "pki_int/config/issuers" {
  capabilities = ["read", "update"]
}
path "pki_int/config/auto-tidy" {
  capabilities = ["read", "update"]
}
path "pki_int/roles/mesh-workload" {
  capabilities = ["read", "update", "delete"]
}
path "pki_int/roles/mesh-istiod" {
  capabilities = ["read", "update", "delete"]
}

# The signature of the CA above, of this name and this life. Not the CA's configuration, not its other issuers' keys.
# Vault compares texts and booleans with such a list, but no numbers: it refuses max_path_length 0 by [0] and by ["0"].
# That the parameter is there is all that a policy can ask; what bounds it is the path length 1 of the root (docs/vault.md).
path "pki/root/sign-intermediate" {
  capabilities = ["update"]
  allowed_parameters = {
    "csr"                  = []
    "common_name"          = ["Istio Intermediate CA"]
    "ttl"                  = ["8760h"]
    "max_path_length"      = []
    "format"               = ["pem"]
    "exclude_cn_from_sans" = [true]
    "use_csr_values"       = [false]
    "use_pss"              = [false]
  }
  required_parameters = ["csr", "common_name", "ttl", "max_path_length"]
}
