"""The platform: kernel, resources, workplace, screens, API, command line. Never imports plugins/."""
