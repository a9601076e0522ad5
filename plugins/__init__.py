"""Business modules. One folder is one plugin; each imports only `sopia` and the plugins it requires."""
