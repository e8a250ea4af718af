# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Completion for layoutcheck(1). What the program itself tells (commands, options, columns, findings) is asked of it, so
# that this file does not lag behind. Needs nothing but bash and sed.

# The lines of a section of --help.
_layoutcheck_help() # TOOL COMMAND SECTION
{
    "$1" ${2:+"$2"} --help 2>/dev/null | sed -n "/^$3:\$/,/^\$/s/^  //p"
}

# The first words of these lines: the names of commands or columns.
_layoutcheck_names() # TOOL COMMAND SECTION
{
    _layoutcheck_help "$@" | sed 's/ .*//'
}

# A line an option: "--output-columns -o LIST", "--json -J", "--color =WHEN" where the argument may be left out.
_layoutcheck_options() # TOOL COMMAND
{
    _layoutcheck_help "$1" "$2" Options |
        sed -nE 's/^(( *)|(-.), )(--[a-z-]+)( ([A-Z=]+)|\[(=[A-Z]+)\])? .*/\4 \3 \6\7/p'
}

# The name of an option's argument; nothing when it takes none.
_layoutcheck_argument() # TOOL COMMAND OPTION
{
    local row
    # The second = of --severity ID=LEVEL follows no option.
    [[ $3 == -* ]] || { echo LEVEL && return; }
    _layoutcheck_options "$1" "$2" | while read -r -a row; do
        [[ " ${row[*]} " == *" $3 "* && ${row[-1]} != -* ]] && printf '%s\n' "${row[-1]}"
    done
}

# Processes that have memory: kernel threads and zombies have no command line.
_layoutcheck_pids()
{
    local file pid
    for file in /proc/[0-9]*/cmdline; do
        pid=${file#/proc/}
        IFS= read -r -d '' _ <"$file" && printf '%s\n' "${pid%/*}"
    done 2>/dev/null
    printf 'self\n'
}

# The names in the help of --format.
_layoutcheck_formats() # TOOL COMMAND
{
    _layoutcheck_help "$1" "$2" Options | sed -nE 's/^ *--format FORMAT +//p' | sed 's/,//g; s/ or / /'
}

_layoutcheck_values() # TOOL COMMAND ARGUMENT-NAME
{
    case $3 in
    FORMAT) _layoutcheck_formats "$1" "$2" ;;
    SEVERITY) printf '%s\n' error warning info never ;;
    WHEN | =WHEN) printf '%s\n' auto always never ;;
    ANSWER) printf '%s\n' yes no ;;
    LEVEL) printf '%s\n' error warning info ;;
    ID | ID=LEVEL) "$1" explain --color=never 2>/dev/null | sed '/^ /d' ;;
    RANGE) printf '%s\n' asan tsan ;;
    POINT) printf '%s\n' exec entry exit brk-failure ;;
    LIST) _layoutcheck_names "$1" "$2" Columns ;;
    KEY) printf '%s\n' comm unit cgroup user ;;
    esac
}

# Sets `command`, which is empty as long as none is named, and `n_operands`, from the words before the current one.
_layoutcheck_scan()
{
    local i word names argument=
    names=" $(_layoutcheck_names "$1" '' Commands | tr '\n' ' ') "
    command='' n_operands=0
    for ((i = 1; i < COMP_CWORD; i++)); do
        word=${COMP_WORDS[i]}
        if [[ $command == run && $n_operands -gt 0 ]]; then
            n_operands=$((n_operands + 1)) # the command's own
        elif [[ $word == '=' ]]; then
            argument=yes
        elif [[ -n $argument ]]; then
            argument=
        elif [[ $word == -* ]]; then
            argument=$(_layoutcheck_argument "$1" "$command" "$word")
            [[ $argument != =* ]] || argument=
        elif [[ $n_operands -eq 0 && -z $command && $names == *" $word "* ]]; then
            command=$word
        else
            n_operands=$((n_operands + 1))
        fi
    done
}

# What can stand where neither an option nor an option's argument does.
_layoutcheck_operands() # TOOL CURRENT
{
    case $command in
    explain) _layoutcheck_values "$1" explain ID ;;
    host | scan) ;;
    watch) _layoutcheck_pids | sed '/self/d' ;;
    run) compgen -c -- "$2" ;;
    map | room | heap | save) [ "$n_operands" -gt 0 ] || _layoutcheck_pids ;;
    '') [ "$n_operands" -gt 0 ] || _layoutcheck_names "$1" '' Commands && _layoutcheck_pids ;;
    *) _layoutcheck_pids ;;
    esac
}

# Whether a directory or a file can stand there, too.
_layoutcheck_takes_files()
{
    case $command in
    explain | host | scan | watch) false ;;
    map | room | heap | save) [ "$n_operands" -eq 0 ] ;;
    esac
}

_layoutcheck()
{
    local tool=$1 current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
    local command n_operands argument='' prefix='' words

    _layoutcheck_scan "$tool"
    # Bash makes three words of --option=VALUE.
    if [[ $command == run && $n_operands -gt 0 ]]; then
        :
    elif [[ $current == '=' ]]; then
        current='' argument=$(_layoutcheck_argument "$tool" "$command" "$previous")
    elif [[ $previous == '=' ]]; then
        argument=$(_layoutcheck_argument "$tool" "$command" "${COMP_WORDS[COMP_CWORD - 2]}")
    elif [[ $previous == -* ]]; then
        argument=$(_layoutcheck_argument "$tool" "$command" "$previous")
        [[ $argument != =* ]] || argument=
    fi

    if [[ $argument == FILE ]]; then
        compopt -o filenames 2>/dev/null
        mapfile -t COMPREPLY < <(compgen -f -- "$current")
        return
    fi
    if [[ $argument == DIR ]]; then
        compopt -o filenames 2>/dev/null
        mapfile -t COMPREPLY < <(compgen -d -- "$current")
        return
    fi
    # The words of the command that run starts.
    if [[ $command == run && $n_operands -gt 0 ]]; then
        compopt -o filenames 2>/dev/null
        mapfile -t COMPREPLY < <(compgen -f -- "$current")
        return
    fi
    # The directory that save makes.
    if [[ -z $argument && $current != -* && $command == save && $n_operands -eq 1 ]]; then
        compopt -o filenames 2>/dev/null
        mapfile -t COMPREPLY < <(compgen -d -- "$current")
        return
    fi
    if [[ -n $argument ]]; then
        words=$(_layoutcheck_values "$tool" "$command" "$argument")
        [[ $argument != LIST || $current != *[+,]* ]] || prefix=${current%"${current##*[+,]}"}
    elif [[ $current == -* ]]; then
        words=$(_layoutcheck_options "$tool" "$command" | tr ' ' '\n' | grep '^-')
    else
        words=$(_layoutcheck_operands "$tool" "$current")
    fi
    mapfile -t COMPREPLY < <(compgen -P "$prefix" -W "$words" -- "${current#"$prefix"}")
    if [[ ${#COMPREPLY[@]} -eq 0 && -z $argument && $current != -* ]] && _layoutcheck_takes_files; then
        compopt -o filenames 2>/dev/null
        mapfile -t COMPREPLY < <(compgen -f -- "$current")
    fi
}

complete -F _layoutcheck layoutcheck
