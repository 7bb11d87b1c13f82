# What cert-manager may do with vault.key: internal: have istiod's requests signed, within the bounds of this role.
# Change `pki_int` if vault.mount says otherwise; docs/vault.md has the commands.

path "pki_int/sign/mesh-istiod" {
  capabilities = ["update"]
}
