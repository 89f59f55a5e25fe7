/** An option or a command, as completion offers it. */
export interface Word {
  readonly text: string;
  readonly help: string;
  /** What follows an option that takes a value. */
  readonly takes?: 'file' | 'value' | undefined;
  readonly values: readonly string[];
}

export interface CommandWord extends Word {
  readonly options: readonly Word[];
}

/** All that a line may hold. */
export interface Syntax {
  readonly globals: readonly Word[];
  readonly commands: readonly CommandWord[];
}

export interface Script {
  /**
   * A script for the program `names[0]`, whose `ports` has this syntax, and its aliases, which stand
   * for `ports`; bash knows that of other stores too, by their names.
   */
  write(names: readonly string[], ports: Syntax, others: Readonly<Record<string, Syntax>>): string;
  /** How to load what `command` prints. */
  howTo(command: string): readonly string[];
}

const STORES = ['ports', 'vault', 'tasks', 'torture', 'doctor'];

const bash: Script = {
  write: ([main = '', ...aliases], { globals, commands }, others) => `${Object.entries(others)
    .map(([name, syntax]) => bashStore(name, syntax))
    .join('')}
_holdfast_ports() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]} command= words= i=1
  COMPREPLY=()
  if [[ \${COMP_WORDS[0]##*/} == ${main} ]]; then
    if (( COMP_CWORD == 1 )); then
      COMPREPLY=($(compgen -W '${STORES.join(' ')}' -- "$cur"))
      return
    fi
    case \${COMP_WORDS[1]} in
      ${Object.keys(others).join('|')}) "_holdfast_\${COMP_WORDS[1]}" ;;
    esac
    [[ \${COMP_WORDS[1]} == ports ]] || return
    i=2
  fi
  for (( ; i < COMP_CWORD; i++ )); do
    case \${COMP_WORDS[i]} in
      ${globals
        .filter(({ takes }) => takes)
        .map(({ text }) => text)
        .join('|')}) (( i++ )) ;;
      -*) ;;
      *) command=\${COMP_WORDS[i]}; break ;;
    esac
  done
  case "$command $prev" in
${commands
  .flatMap(({ text, options }) => options.map((option) => ({ command: text, option })))
  .filter(({ option }) => option.takes)
  .map(({ command, option }) => {
    const words = option.values.join(' ');
    const reply = words ? `COMPREPLY=($(compgen -W '${words}' -- "$cur")); ` : '';
    return `    '${command} ${option.text}') ${reply}return ;;`;
  })
  .join('\n')}
    *' --data-dir' | *' --config' | *' --busy-timeout') return ;;
  esac
  case $command in
    '') words='${texts(commands)}' ;;
${commands
  .map(
    ({ text, options, values }) =>
      `    ${text}) words='${[texts(options), ...values].join(' ').trim()}' ;;`,
  )
  .join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words ${texts(globals)}" -- "$cur"))
}
complete -o default -F _holdfast_ports ${[main, ...aliases].join(' ')}
`,
  howTo: (command) => [`echo 'eval "$(${command} --quiet)"' >> ~/.bashrc`],
};

function bashStore(name: string, { globals, commands }: Syntax): string {
  const all = [...globals, ...commands.flatMap(({ options }) => options)];
  const valued = [...new Map(all.filter(({ takes }) => takes).map((word) => [word.text, word]))];
  const first = commands.filter(({ text }) => !text.includes(' '));
  return `_holdfast_${name}() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]} at= next= words= i=2
  case $prev in
${valued
  .map(([text, { values }]) => {
    const reply = `COMPREPLY=($(compgen -W '${values.join(' ')}' -- "$cur")); `;
    return `    ${text}) ${values.length > 0 ? reply : ''}return ;;`;
  })
  .join('\n')}
  esac
  for (( ; i < COMP_CWORD; i++ )); do
    next="\${at:+$at }\${COMP_WORDS[i]}"
    case $next in
      ${commands.map(({ text }) => `'${text}'`).join('|')}) at=$next; continue ;;
    esac
    case \${COMP_WORDS[i]} in
      ${valued.map(([text]) => text).join('|')}) (( i++ )) ;;
    esac
  done
  case $at in
    '') words='${texts(first)}' ;;
${commands
  .map(({ text, options, values }) => {
    return `    '${text}') words='${[texts(options), ...values].join(' ').trim()}' ;;`;
  })
  .join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words ${texts(globals)}" -- "$cur"))
}
`;
}

const zsh: Script = {
  write: (
    [main = '', ...aliases],
    { globals, commands },
  ) => `#compdef ${[main, ...aliases].join(' ')}
_holdfast_ports() {
  local context state line
  typeset -A opt_args
  local -a commands globals
  if [[ \${service:-\${words[1]:t}} == ${main} ]]; then
    if (( CURRENT == 2 )); then
      compadd ${STORES.join(' ')}
      return
    fi
    [[ \${words[2]} == ports ]] || return 1
    shift words
    (( CURRENT-- ))
  fi
  globals=(
${globals.map((word) => `    ${zshSpec(word)}`).join('\n')}
  )
  commands=(
${commands.map(({ text, help }) => `    ${singleQuoted(`${text}:${help}`)}`).join('\n')}
  )
  _arguments -C $globals ': :->command' '*:: :->argument' && return
  case $state in
    command) _describe command commands ;;
    argument)
      case \${words[1]} in
${commands
  .map(({ text, options, values }) => {
    const specs = [
      ...options.map(zshSpec),
      ...(values.length > 0 ? [`': :(${values.join(' ')})'`] : []),
    ];
    return `        ${text}) _arguments $globals ${specs.join(' ')} ;;`;
  })
  .join('\n')}
      esac ;;
  esac
}
if [[ \${funcstack[1]} == _* ]]; then
  _holdfast_ports "$@"
else
  compdef _holdfast_ports ${[main, ...aliases].join(' ')}
fi
`,
  howTo: (command) => [`echo 'eval "$(${command} --quiet)"' >> ~/.zshrc`, 'after compinit there'],
};

function zshSpec({ text, help, takes, values }: Word): string {
  const label = help.replace(/[[\]:]/g, '\\$&');
  const action = values.length > 0 ? `(${values.join(' ')})` : takes === 'file' ? '_files' : ' ';
  return singleQuoted(`${text}[${label}]${takes ? `: :${action}` : ''}`);
}

const fish: Script = {
  write: ([main = '', ...aliases], { globals, commands }) => `function __holdfast_ports
  # The command on the line; fails outside of ports. With an argument: whether it is this one.
  set -l words (commandline -opc)
  if test (path basename -- $words[1]) = ${main}
    test "$words[2]" = ports; or return 1
    set -e words[2]
  end
  set -e words[1]
  set -l command
  while set -q words[1]
    switch $words[1]
      case ${globals
        .filter(({ takes }) => takes)
        .map(({ text }) => text)
        .join(' ')}
        set -e words[1]
      case '-*'
      case '*'
        set command $words[1]
        break
    end
    set -e words[1]
  end
  test "$command" = "$argv[1]"
end
for name in ${[main, ...aliases].join(' ')}
${globals.map((word) => `  complete -c $name -n 'not __fish_use_subcommand' ${fishOption(word)}`).join('\n')}
${commands
  .flatMap(({ text, help, options, values }) => [
    `  complete -c $name -f -n '__holdfast_ports ""' -a ${text} -d ${singleQuotedFish(help)}`,
    ...options.map(
      (word) => `  complete -c $name -n '__holdfast_ports ${text}' ${fishOption(word)}`,
    ),
    ...(values.length > 0
      ? [`  complete -c $name -f -n '__holdfast_ports ${text}' -a '${values.join(' ')}'`]
      : []),
  ])
  .join('\n')}
end
complete -c ${main} -f -n __fish_use_subcommand -a '${STORES.join(' ')}'
`,
  howTo: (command) => [`${command} --quiet > ~/.config/fish/completions/holdfast.fish`],
};

function fishOption({ text, help, takes, values }: Word): string {
  const value = values.length > 0 ? ` -x -a '${values.join(' ')}'` : takes ? ' -r' : '';
  return `-l ${text.slice(2)}${value} -d ${singleQuotedFish(help)}`;
}

function singleQuotedFish(text: string): string {
  return `'${text.replace(/['\\]/g, '\\$&')}'`;
}

const powershell: Script = {
  write: ([main = '', ...aliases], { globals, commands }) => `$holdfastPorts = {
  param($wordToComplete, $commandAst, $cursorPosition)
  $commands = [ordered]@{
${commands
  .map(({ text, options, values }) => {
    const words = [...options.map((option) => option.text), ...values];
    return `    '${text}' = @(${words.map((word) => `'${word}'`).join(', ')})`;
  })
  .join('\n')}
  }
  $globals = @(${globals.map(({ text }) => `'${text}'`).join(', ')})
  $words = @($commandAst.CommandElements | ForEach-Object { "$_" })
  $last = if ($wordToComplete) { $words.Count - 2 } else { $words.Count - 1 }
  $first = 1
  if ([IO.Path]::GetFileNameWithoutExtension($words[0]) -eq '${main}') {
    if ($last -eq 0) {
      ${STORES.map((name) => `'${name}'`).join(', ')} | Where-Object { $_ -like "$wordToComplete*" }
      return
    }
    if ($words[1] -ne 'ports') { return }
    $first = 2
  }
  $command = $null
  if ($last -ge $first) {
    $command = $words[$first..$last] | Where-Object { $commands.Contains($_) } | Select-Object -First 1
  }
  $offered = if ($command) { $commands[$command] } else { $commands.Keys }
  @($offered) + $globals | Where-Object { $_ -like "$wordToComplete*" } | ForEach-Object {
    [System.Management.Automation.CompletionResult]::new($_, $_, 'ParameterValue', $_)
  }
}
Register-ArgumentCompleter -Native -CommandName ${[main, ...aliases].map((name) => `'${name}'`).join(', ')} -ScriptBlock $holdfastPorts
`,
  howTo: (command) => [`${command} --quiet | Out-String | Invoke-Expression`, 'in $PROFILE'],
};

const elvish: Script = {
  write: ([main = '', ...aliases], { globals, commands }) => `use path
use str
var holdfast-ports-commands = [
${commands
  .map(({ text, options, values }) => `  &${text}=[${[texts(options), ...values].join(' ')}]`)
  .join('\n')}
]
var holdfast-ports-globals = [${texts(globals)}]
var holdfast-ports-complete = {|@words|
  var first = 1
  var outside = $false
  if (eq (path:base $words[0]) ${main}) {
    if (== (count $words) 2) {
      put ${STORES.join(' ')}
      set outside = $true
    } elif (not-eq $words[1] ports) {
      set outside = $true
    }
    set first = 2
  }
  if (not $outside) {
    var command = ''
    for word $words[$first..-1] {
      if (and (eq $command '') (has-key $holdfast-ports-commands $word)) {
        set command = $word
      }
    }
    if (eq $command '') {
      keys $holdfast-ports-commands
    } else {
      all $holdfast-ports-commands[$command]
    }
    all $holdfast-ports-globals
  }
}
${[main, ...aliases]
  .map((name) => `set edit:completion:arg-completer[${name}] = $holdfast-ports-complete`)
  .join('\n')}
`,
  howTo: (command) => [`eval (${command} --quiet | slurp)`, 'in rc.elv'],
};

export const scripts = { bash, zsh, fish, powershell, elvish };

function texts(words: readonly Word[]): string {
  return words.map(({ text }) => text).join(' ');
}

function singleQuoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
