"""How fast Sopia is: measurements that build their own company, check every answer, and say how busy the machine was."""
